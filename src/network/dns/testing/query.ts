/** Makes a query for tests, with the number 0x1234. */
export function makeQuery(name: string, type: number): Uint8Array {
  const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)])
  const header = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
  return Uint8Array.from([...header, ...labels, 0, 0, type, 0, 1])
}
