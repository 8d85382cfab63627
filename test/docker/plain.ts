/** What differs from run to run, and the word for it. The order matters. */
const changing: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{64}\b/g, 'ID64'],
  [/\b(?=[a-f]*\d)[0-9a-f]{12}\b/g, 'ID12'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, 'TIME'],
  [/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [+-]\d{4} [A-Z]+/g, 'TIME'],
  [/\b(Less than a|About an?|\d+) (seconds?|minutes?|hours?|days?)\b/g, 'AGE'],
  [/\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, 'MAC'],
  [/\b\d+(\.\d+)? ?([kMG]|[KMG]i)?B\b/g, 'SIZE'],
  // The first addresses of the two programs.
  [/\b(172\.1[78]|10\.89)\.(?=\d+\.\d+)/g, 'NET.'],
  [/(?<=[\d\]]:)(3[2-9]|[45]\d|6[0-5])\d{3}\b/g, 'PORT'],
]

/** Returns an output with words instead of identifiers, times and sizes, and with single gaps between columns. */
export function plain(text: string, stage: string): string {
  let result = text.replaceAll(stage, 'STAGE')
  for (const [pattern, word] of changing) result = result.replace(pattern, word)
  return result
    .replaceAll('\r', '\\r')
    .replace(/[ \t]+$/gm, '')
    .replace(/(?<=\S) {2,}|\t+/g, '  ')
}
