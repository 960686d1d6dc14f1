// Claims about what leaves a card.
import { expect, test } from 'vitest';
import { fileName, numberCell, queryCommand, streamCommand, textCell, timeCell, toCsv, type Table } from './export';

const TABLE: Table = {
  columns: [{ name: 'time', label: 'Time', align: 'left' }, { name: 'category', label: 'Category', align: 'left' }, { name: 'revenue', label: 'Revenue', align: 'right' }],
  rows: [
    [timeCell('08:00', '2026-11-21T08:00:00Z'), textCell('Books, "used"\nand new'), numberCell('1.24 k', '1240.50')],
    [timeCell('08:01', '2026-11-21T08:01:00Z'), textCell('=HYPERLINK("x")'), numberCell('−5', '-5')],
    [timeCell('08:02', '2026-11-21T08:02:00Z'), textCell('not stated', ''), numberCell('–', null)],
  ],
};

test('CSV has exact values under the metric names, quoted where needed', () => {
  expect(toCsv(TABLE).split('\r\n')).toEqual([
    'time,category,revenue',
    '2026-11-21T08:00:00Z,"Books, ""used""\nand new",1240.50',
    `2026-11-21T08:01:00Z,"'=HYPERLINK(""x"")",-5`,
    '2026-11-21T08:02:00Z,,',
    '',
  ]);
});

test('the command quotes what a shell would read', () => {
  const command = queryCommand('http://127.0.0.1:8000', { filters: { category: ["Men's $(rm) `x`"] } });
  expect(command).toContain(`-d '{"filters":{"category":["Men'\\''s $(rm) \`x\`"]}}'`);
  expect(command).toContain(`'http://127.0.0.1:8000/api/v1/query'`);
});

test('the key never enters the clipboard', () => {
  expect(queryCommand('http://x', {})).toContain('"X-API-Key: $SHOPSTREAM_KEY"');
  expect(streamCommand('http://x', 'a b')).toBe(`curl -sN 'http://x/api/v1/stream?store=a%20b' -H "X-API-Key: $SHOPSTREAM_KEY"`);
});

test('a file is named after its card and its moment', () => {
  expect(fileName('What sells?', '2026-11-21T08:57:52.123Z')).toBe('shopstream-what-sells-2026-11-21T08-57.csv');
});
