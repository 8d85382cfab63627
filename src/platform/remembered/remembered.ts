/**
 * Returns a function like `make` that remembers its last result for each subject, and gives it again
 * while the other inputs are the same values. Only for results and inputs that do not change. A result
 * goes with its subject.
 */
export function remembered<Subject extends object, Inputs extends readonly unknown[], Result>(
  make: (subject: Subject, ...inputs: Inputs) => Result,
): (subject: Subject, ...inputs: Inputs) => Result {
  const known = new WeakMap<Subject, { readonly inputs: Inputs; readonly result: Result }>()
  return (subject, ...inputs) => {
    const last = known.get(subject)
    const isSame = last !== undefined && inputs.every((input, at) => input === last.inputs[at])
    if (isSame) return last.result
    const result = make(subject, ...inputs)
    known.set(subject, { inputs, result })
    return result
  }
}
