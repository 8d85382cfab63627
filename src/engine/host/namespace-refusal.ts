let known: string | undefined

/** Why this user has no namespace, in words that follow a colon; `undefined` when nobody has asked for one. */
export function namespaceRefusal(): string | undefined {
  return known
}

/** Remembers why, for the commands that need one. */
export function refuseNamespace(reason: string): void {
  known = reason
}
