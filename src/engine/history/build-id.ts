/** Makes a new ID of a build in BuildKit's form: 25 digits and small letters. */
export function createBuildId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(25))
  return Array.from(bytes, (byte) => (byte % 36).toString(36)).join('')
}
