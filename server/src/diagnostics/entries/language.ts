// The language's own mistakes: characters, tokens, names, numbers.
import type { Diagnostic } from '../diagnostic.ts';
import { entry } from '../entry.ts';
import { choices } from '../line-fix.ts';

const SOUND = 'platform a {\n    node 0 { memory at 0 size 2G }\n}\n';

export const LANGUAGE: readonly Diagnostic[] = [
    entry('language/bad-number', 'error', 'Not a number', [], 'Numbers are decimal or hexadecimal, whole, with a binary unit where a size is meant.', 'Write `6G`, `1536M` or `0x1_8000_0000`; write fractions in the next smaller unit.',
        { examples: { bad: SOUND.replace('2G', '1.5G'), good: SOUND.replace('2G', '1536M') } }),
    entry('language/duplicate-name', 'error', 'A name given twice', [], 'Platforms and scenarios are found by name, so the second one can never be meant.', 'Rename one of them.',
        { examples: { bad: SOUND + SOUND, good: SOUND + SOUND.replace('platform a', 'platform b') } }),
    entry('language/duplicate-setting', 'error', 'A setting given twice', [], 'Only the first one counts.', 'Remove one of them.',
        { examples: { bad: 'platform a {\n    kernel 6.1\n    kernel 6.12\n    node 0 { memory at 0 size 2G }\n}\n', good: 'platform a {\n    kernel 6.1\n    node 0 { memory at 0 size 2G }\n}\n' } }),
    entry('language/extends-cycle', 'error', 'A platform that extends itself', [], 'A variant needs a base that does not need the variant.', 'Take one `extends` of the circle away.',
        { examples: { bad: 'platform a extends a {\n    node 0 { memory at 0 size 2G }\n}\n', good: SOUND } }),
    entry('language/missing-unit', 'error', 'A number without its unit', [], 'Latencies and bandwidths mean nothing without a unit.', 'Add `ns`, `ps`, `MB/s`, `GB/s` or `TB/s`.'),
    entry('language/number-past-64-bits', 'error', 'A number past 64 bits', [], 'No register and no table of the firmware holds it.', 'Check the digits and the unit.',
        { examples: { bad: SOUND.replace('size 2G', 'size 99999999999T'), good: SOUND } }),
    entry('language/one-kernel', 'error', 'Several kernels for a platform', [], 'A machine boots one kernel at a time.', 'Name one release in the platform; let a scenario name several.',
        { examples: { bad: 'platform a {\n    kernel 6.1, 6.12\n    node 0 { memory at 0 size 2G }\n}\n', good: 'platform a {\n    kernel 6.1\n    node 0 { memory at 0 size 2G }\n}\n' } }),
    entry('language/setting-out-of-place', 'error', 'A setting that does not belong here', [], 'The tools have no such option for this kind of device.', 'Remove it, or describe the other kind of device.'),
    entry('language/unclosed-brace', 'error', 'A brace that is never closed', [], 'Everything up to the end of the declaration is taken for its content.', 'Add the `}`.',
        { examples: { bad: 'platform a {\n    node 0 { memory at 0 size 2G }\n', good: SOUND } }),
    entry('language/unexpected-character', 'error', 'A character that means nothing', [], 'The language has no use for it outside texts and comments.', 'Remove it.',
        { examples: { bad: SOUND.replace('node', '§ node'), good: SOUND } }),
    entry('language/unexpected-end', 'error', 'A declaration that stops short', [], 'Something is missing at the end.', 'Complete the declaration.'),
    entry('language/unexpected-token', 'error', 'A word out of place', [], 'The grammar wants something else here; the message names it.', 'See the language reference for the declaration at hand.',
        { examples: { bad: SOUND.replace('memory at', 'memory from'), good: SOUND } }),
    entry('language/unknown-platform', 'error', 'No such platform', [], 'Nothing of that name is in this file or in what it imports.', 'Correct the name, or import the file that has it.',
        { examples: { bad: `${SOUND}scenario "s" on b {\n    $ reboot\n}\n`, good: `${SOUND}scenario "s" on a {\n    $ reboot\n}\n` } }),
    entry('language/unknown-unit', 'error', 'Not a unit', [], 'Sizes take K, M, G, T or P, which are powers of two; counts take none.', 'Use one of these units.',
        { examples: { bad: SOUND.replace('2G', '2Q'), good: SOUND } }),
    entry('language/unknown-word', 'error', 'Not one of the words', [], 'Only the words that the message lists mean something here.', 'Use one of them.',
        { examples: { bad: SOUND.replace('node 0', 'firmware uboot\n    node 0'), good: SOUND.replace('node 0', 'firmware efi\n    node 0') }, fix: choices('words') }),
    entry('language/unterminated-comment', 'error', 'A comment that is never closed', [], 'It swallows the rest of the text.', 'Add `*/`.', { examples: { bad: `${SOUND}/* a note`, good: `${SOUND}/* a note */` } }),
    entry('language/unterminated-string', 'error', 'A text that is never closed', [], 'It ends with its line, and what follows is read as the language.', 'Add the quote.',
        { examples: { bad: SOUND.replace('node', 'cmdline "quiet\n    node'), good: SOUND.replace('node', 'cmdline "quiet"\n    node') } }),
    entry('language/not-text', 'error', 'A file that is no text', [], 'Its bytes are no UTF-8, or no text at all.', 'Save it as UTF-8, or open the right file.',
        { examples: { bad: `MZ\u0000\u0003\u0000${SOUND}`, good: SOUND } }),
    entry('language/more-errors', 'info', 'More mistakes than can be told', [], 'After a hundred the list ends.', 'Mend the first ones: the rest often follows from them.',
        { examples: { bad: 'platform { }\n'.repeat(120), good: SOUND } }),
    entry('language/missing-import', 'error', 'An import without its file', [], 'Nothing is found at that path, seen from this file.', 'Correct the path; it is relative to this file.',
        { examples: { bad: `import "no-such-file.memtopo"\n${SOUND}`, good: SOUND } }),
    entry('language/import-cycle', 'error', 'An import that comes back', [], 'Files that import each other say nothing new with one of the imports.', 'Move what both need into a third file.'),
    entry('ignore/no-reason', 'warning', 'A suppression without a reason', [], 'The next reader cannot tell whether it still holds.', 'Write `// memtopo-ignore CODE reason`.',
        { examples: { bad: `// memtopo-ignore platform/no-memory\n${SOUND}`, good: `// memtopo-ignore platform/no-memory drawn later\n${SOUND}` } }),
];
