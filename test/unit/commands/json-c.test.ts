import { expect, it } from 'vitest';
import { formatJson, formatJsonArray, hexadecimal, size } from '../../../server/src/commands/json-c.ts';

it('prints as json-c does', () => {
    expect(formatJsonArray([{ path: '/a/b', n: 1, none: undefined, list: [], deep: { yes: true } }])).toBe(
        '[\n  {\n    "path":"\\/a\\/b",\n    "n":1,\n    "list":[],\n    "deep":{\n      "yes":true\n    }\n  }\n]\n');
});

it.each([
    [0, '0'], [4096, '4096'], [5119999, '5119999'], [5120000, '"4.88 MiB (5.12 MB)"'], [2 ** 30, '"1024.00 MiB (1073.74 MB)"'],
    [2 ** 31, '"2.00 GiB (2.15 GB)"'], [6 * 2 ** 40, '"6.00 TiB (6.60 TB)"'],
])('%i for people is %s', (bytes, text) => expect(formatJson(size(bytes), true)).toBe(text));

it('prints addresses for people in hexadecimal, and one object without brackets', () => {
    expect(formatJsonArray([{ start: hexadecimal(0x1000) }], true)).toBe('{\n  "start":"0x1000"\n}\n');
    expect(formatJsonArray([{ start: hexadecimal(0x1000) }])).toBe('[\n  {\n    "start":4096\n  }\n]\n');
});
