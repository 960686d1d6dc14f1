// Claims about numbers on cards. The narrow space is written as a plain one to be readable.
import { expect, test } from 'vitest';
import { axisNumber, exactMoney, exactNumber, minorDigits, shortMoney, shortNumber, shortShare } from './number';

const plain = (text: string) => text.replaceAll(/[\u202f\u00a0]/g, ' ');
const short = (value: number | null, locale = 'en') => plain(shortNumber(value, locale));

test('four digits are shown whole, more are cut to three with a sign', () => {
  expect([0, 348, 1204, 9999, 18_412, 124_000, 1_240_318, 3.2e9].map((value) => short(value)))
    .toEqual(['0', '348', '1,204', '9,999', '18.4 k', '124 k', '1.24 M', '3.20 G']);
});

test('a number that rounds to a thousand of its unit takes the next unit', () => {
  expect([9999.6, 999_949, 999_950, 999_999_999].map((value) => short(value))).toEqual(['10.0 k', '1.00 M', '1.00 M', '1.00 G']);
});

test('fractions have three digits', () => {
  expect([5.1, 0.04567, 86.789].map((value) => short(value))).toEqual(['5.10', '0.0457', '86.8']);
});

test('a negative number has a minus sign, not a hyphen', () => {
  expect(short(-18_412)).toBe('−18.4 k');
});

test('no value is a dash, never zero', () => {
  expect([short(null), short(Number.NaN), exactNumber(null), exactMoney(null, 'EUR'), shortMoney(null, 'EUR'), shortShare(null)])
    .toEqual(Array(6).fill('–'));
});

test('thousands and decimals follow the reader', () => {
  expect(short(1204, 'de')).toBe('1.204');
  expect(short(18_412, 'de')).toBe('18,4 k');
  expect(plain(exactMoney('1234.50', 'EUR', 'de'))).toBe('1.234,50 EUR');
});

test('small money has the digits of its currency', () => {
  expect([shortMoney('86.789', 'EUR', 'en'), shortMoney('86.7', 'JPY', 'en'), shortMoney('1.5', 'KWD', 'en'), plain(shortMoney('18432.2', 'EUR', 'en'))])
    .toEqual(['86.79', '87', '1.500', '18.4 k']);
});

test('exact money keeps every digit, also beyond what a float holds', () => {
  expect(plain(exactMoney('9007199254740993.01', 'EUR', 'en'))).toBe('9,007,199,254,740,993.01 EUR');
  expect(plain(exactMoney('0.001', 'EUR', 'en'))).toBe('0.001 EUR');
  expect(plain(exactMoney('-12.50', 'GBP', 'en'))).toBe('−12.50 GBP');
});

test('text that is no amount is shown as it came', () => {
  expect(exactMoney('n/a', 'EUR', 'en')).toBe('n/a EUR');
});

test('a currency nobody knows has two digits', () => {
  expect([minorDigits('JPY'), minorDigits('EUR'), minorDigits('points')]).toEqual([0, 2, 2]);
});

test('shares are whole percent, small ones have a digit, tiny ones say so', () => {
  expect([0.614, 0.0948, 0.004, 0.0004, 0, 1].map((share) => plain(shortShare(share, 'en'))))
    .toEqual(['61 %', '9.5 %', '0.4 %', '< 0.1 %', '0 %', '100 %']);
});

test('axes have no trailing zeros', () => {
  expect([0, 800, 9000, 30_000, 1_500_000].map((value) => plain(axisNumber(value, 'en')))).toEqual(['0', '800', '9,000', '30 k', '1.5 M']);
});
