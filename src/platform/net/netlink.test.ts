import { expect, test } from 'bun:test'
import {
  attribute,
  concatenate,
  listAttributes,
  NetlinkError,
  nested,
  netlinkFlag,
  netlinkProtocol,
  openNetlink,
  parseAttributes,
  parseText,
} from './netlink.ts'

const GET_LINK = 18

test('attribute() pads to four bytes and parseAttributes() returns the unpadded values', () => {
  const bytes = concatenate([
    attribute(1, Uint8Array.of(1, 2, 3)),
    attribute(2, 'lo'),
    nested(3, attribute(7, 0x01020304)),
  ])
  expect(bytes.length % 4).toBe(0)
  const found = parseAttributes(bytes)
  expect([...(found.get(1) ?? [])]).toEqual([1, 2, 3])
  expect(parseText(found.get(2) ?? new Uint8Array())).toBe('lo')
  const inner = parseAttributes(found.get(3) ?? new Uint8Array())
  expect([...(inner.get(7) ?? [])]).toEqual([4, 3, 2, 1])
})

test('listAttributes() ends at an attribute with a wrong length', () => {
  expect(listAttributes(Uint8Array.of(200, 0, 1, 0, 9))).toEqual([])
  expect(listAttributes(Uint8Array.of(3, 0, 1, 0))).toEqual([])
})

test('send() returns one interface and a dump of all', () => {
  using socket = openNetlink(netlinkProtocol.route)
  const one = socket.send([
    { type: GET_LINK, body: concatenate([new Uint8Array(16), attribute(3, 'lo')]) },
  ])
  expect(one).toHaveLength(1)
  const name = parseAttributes((one[0]?.body ?? new Uint8Array()).subarray(16)).get(3)
  expect(parseText(name ?? new Uint8Array())).toBe('lo')
  const dump = { type: GET_LINK, flags: netlinkFlag.dump, body: new Uint8Array(16) }
  expect(socket.send([dump]).length).toBeGreaterThanOrEqual(1)
})

test('send() throws the refusal of the kernel, and the socket stays usable', () => {
  using socket = openNetlink(netlinkProtocol.route)
  const ask = (name: string) =>
    socket.send([{ type: GET_LINK, body: concatenate([new Uint8Array(16), attribute(3, name)]) }])
  expect(() => ask('nosuchlink0')).toThrow(NetlinkError)
  expect(() => ask('nosuchlink0')).toThrow('ENODEV')
  expect(ask('lo')).toHaveLength(1)
})
