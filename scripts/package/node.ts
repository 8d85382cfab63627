/**
 * The module that Node loads for `import ... from 'strake'`. It has every export, so that
 * linking succeeds, and throws a sentence that explains why it needs Bun. A package without
 * this entry fails with "No exports main".
 */
export function nodeModule(names: readonly string[]): string {
  const sentence =
    'Cannot use strake on Node: the engine needs Bun. ' +
    'On Node there are strake/oci, strake/stream, strake/tar, strake/dockerfile, strake/content and strake/registry'
  return [
    ...names.map((name) => `export const ${name} = undefined`),
    `throw new Error(${JSON.stringify(sentence)})`,
    '',
  ].join('\n')
}
