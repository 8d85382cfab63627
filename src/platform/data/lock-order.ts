let transactions = 0

/**
 * Runs a transaction. Its lock must be the last one that a process takes, so that no two processes
 * wait for each other.
 */
export function asLastLock<T>(work: () => T): T {
  transactions += 1
  try {
    return work()
  } finally {
    transactions -= 1
  }
}

/** Throws inside a transaction. */
export function requireNoTransaction(what: string): void {
  if (transactions > 0) throw new TypeError(`${what} is taken inside a transaction`)
}
