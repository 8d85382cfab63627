/**
 * Lets the runtime compile what runs often as early as it does by itself. The program
 * starts reluctant to (`scripts/build`), because most commands end before it pays.
 */
export function compileEagerly(): void {
  if (typeof Bun !== 'undefined') Bun.unsafe.setJITPolicy(1)
}
