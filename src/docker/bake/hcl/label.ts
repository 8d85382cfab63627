import { HclError } from './hcl-error.ts'
import type { Block } from './syntax.ts'

/** The only label of a block. Throws `HclError`. */
export function labelOf({ type, labels, at }: Block): string {
  const [label] = labels
  if (label === undefined || labels.length > 1) throw new HclError(`a ${type} needs one name`, at)
  return label
}
