/**
 * Restores Bun's default threshold for compiling hot code. The executable starts with
 * a higher one (`scripts/build`), because most commands end before compiling pays.
 */
export function compileEagerly(): void {
  if (typeof Bun !== 'undefined') Bun.unsafe.setJITPolicy(1)
}
