// Countries by whatever a shop calls them: codes of ISO 3166 and English names become the key of a shape on the map.
// A name that is none is told, not guessed.

// Two letters, three letters, number.
const CODES = `
  ADAND020 AEARE784 AFAFG004 AGATG028 AIAIA660 ALALB008 AMARM051 AOAGO024 AQATA010 ARARG032 ASASM016 ATAUT040 AUAUS036 AWABW533 AXALA248 AZAZE031
  BABIH070 BBBRB052 BDBGD050 BEBEL056 BFBFA854 BGBGR100 BHBHR048 BIBDI108 BJBEN204 BLBLM652 BMBMU060 BNBRN096 BOBOL068 BQBES535 BRBRA076 BSBHS044
  BTBTN064 BVBVT074 BWBWA072 BYBLR112 BZBLZ084 CACAN124 CCCCK166 CDCOD180 CFCAF140 CGCOG178 CHCHE756 CICIV384 CKCOK184 CLCHL152 CMCMR120 CNCHN156
  COCOL170 CRCRI188 CUCUB192 CVCPV132 CWCUW531 CXCXR162 CYCYP196 CZCZE203 DEDEU276 DJDJI262 DKDNK208 DMDMA212 DODOM214 DZDZA012 ECECU218 EEEST233
  EGEGY818 EHESH732 ERERI232 ESESP724 ETETH231 FIFIN246 FJFJI242 FKFLK238 FMFSM583 FOFRO234 FRFRA250 GAGAB266 GBGBR826 GDGRD308 GEGEO268 GFGUF254
  GGGGY831 GHGHA288 GIGIB292 GLGRL304 GMGMB270 GNGIN324 GPGLP312 GQGNQ226 GRGRC300 GSSGS239 GTGTM320 GUGUM316 GWGNB624 GYGUY328 HKHKG344 HMHMD334
  HNHND340 HRHRV191 HTHTI332 HUHUN348 IDIDN360 IEIRL372 ILISR376 IMIMN833 ININD356 IOIOT086 IQIRQ368 IRIRN364 ISISL352 ITITA380 JEJEY832 JMJAM388
  JOJOR400 JPJPN392 KEKEN404 KGKGZ417 KHKHM116 KIKIR296 KMCOM174 KNKNA659 KPPRK408 KRKOR410 KWKWT414 KYCYM136 KZKAZ398 LALAO418 LBLBN422 LCLCA662
  LILIE438 LKLKA144 LRLBR430 LSLSO426 LTLTU440 LULUX442 LVLVA428 LYLBY434 MAMAR504 MCMCO492 MDMDA498 MEMNE499 MFMAF663 MGMDG450 MHMHL584 MKMKD807
  MLMLI466 MMMMR104 MNMNG496 MOMAC446 MPMNP580 MQMTQ474 MRMRT478 MSMSR500 MTMLT470 MUMUS480 MVMDV462 MWMWI454 MXMEX484 MYMYS458 MZMOZ508 NANAM516
  NCNCL540 NENER562 NFNFK574 NGNGA566 NINIC558 NLNLD528 NONOR578 NPNPL524 NRNRU520 NUNIU570 NZNZL554 OMOMN512 PAPAN591 PEPER604 PFPYF258 PGPNG598
  PHPHL608 PKPAK586 PLPOL616 PMSPM666 PNPCN612 PRPRI630 PSPSE275 PTPRT620 PWPLW585 PYPRY600 QAQAT634 REREU638 ROROU642 RSSRB688 RURUS643 RWRWA646
  SASAU682 SBSLB090 SCSYC690 SDSDN729 SESWE752 SGSGP702 SHSHN654 SISVN705 SJSJM744 SKSVK703 SLSLE694 SMSMR674 SNSEN686 SOSOM706 SRSUR740 SSSSD728
  STSTP678 SVSLV222 SXSXM534 SYSYR760 SZSWZ748 TCTCA796 TDTCD148 TFATF260 TGTGO768 THTHA764 TJTJK762 TKTKL772 TLTLS626 TMTKM795 TNTUN788 TOTON776
  TRTUR792 TTTTO780 TVTUV798 TWTWN158 TZTZA834 UAUKR804 UGUGA800 UMUMI581 USUSA840 UYURY858 UZUZB860 VAVAT336 VCVCT670 VEVEN862 VGVGB092 VIVIR850
  VNVNM704 VUVUT548 WFWLF876 WSWSM882 YEYEM887 YTMYT175 ZAZAF710 ZMZMB894 ZWZWE716
`.trim().split(/\s+/).map((code) => ({ two: code.slice(0, 2), three: code.slice(2, 5), key: code.slice(5) }));

// Shapes that have no number of ISO.
const WITHOUT_NUMBER: Readonly<Record<string, string>> = { Kosovo: 'XK', Somaliland: 'XS', 'N. Cyprus': 'XC' };

// Other names in use; those of one country stand together.
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  '826': ['UK', 'Great Britain', 'Britain', 'England', 'Scotland', 'Wales', 'Northern Ireland'],
  '840': ['United States of America', 'U.S.A.', 'U.S.', 'America'],
  '372': ['Eire', 'Republic of Ireland'], '528': ['Holland', 'The Netherlands'], '203': ['Czech Republic'], '792': ['Turkey'],
  '643': ['Russian Federation'], '410': ['Korea', 'Republic of Korea', 'Korea, Republic of'], '408': ['DPRK', 'Korea, North'],
  '710': ['RSA'], '784': ['UAE'], '384': ['Ivory Coast'], '704': ['Viet Nam'], '807': ['Macedonia'], '104': ['Burma', 'Myanmar'],
  '132': ['Cabo Verde'], '748': ['Swaziland'], '418': ['Lao PDR'], '096': ['Brunei Darussalam'], '336': ['Vatican', 'Holy See'],
  '275': ['Palestine'], '178': ['Congo', 'Republic of the Congo'], '180': ['DR Congo', 'Democratic Republic of the Congo'],
  '344': ['Hong Kong'], '446': ['Macau', 'Macao'], '156': ["People's Republic of China", 'Mainland China'], '626': ['East Timor'],
  '760': ['Syrian Arab Republic'], '364': ['Islamic Republic of Iran'], '498': ['Republic of Moldova'],
  XK: ['Kosovo'], XS: ['Somaliland'], XC: ['Northern Cyprus'],
};

/** The key of a shape: its number of ISO 3166, or one of ours. */
export function keyOfShape(id: string | number | undefined, name: string): string {
  return id === undefined ? (WITHOUT_NUMBER[name] ?? name) : String(id).padStart(3, '0');
}

/** The key of the country that a shop calls so; null where no country is known by this name. */
export function countryKey(name: string): string | null {
  return known().get(plain(name)) ?? null;
}

let names: ReadonlyMap<string, string> | undefined;

// Names in English come from the browser itself; made when the first is asked for.
function known(): ReadonlyMap<string, string> {
  if (names) return names;
  const english = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  const made = new Map<string, string>();
  for (const { two, three, key } of CODES) {
    for (const name of [two, three, english.of(two) ?? two]) made.set(plain(name), key);
  }
  for (const [key, others] of Object.entries(OTHER_NAMES)) others.forEach((name) => made.set(plain(name), key));
  names = made;
  return made;
}

/** `Côte d’Ivoire` and `cote d ivoire` are one name. */
function plain(name: string): string {
  const letters = name.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase().replaceAll('&', ' and ');
  const words = letters.replaceAll('.', '').replaceAll(/[^\p{L}\p{N}]+/gu, ' ').trim();
  return words.replace(/^the /, '').replaceAll(/\bsaint\b/g, 'st');
}
