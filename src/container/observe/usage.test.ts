import { expect, test } from 'bun:test'
import { parseInterfaces } from './usage.ts'

test('parseInterfaces() reads the interfaces without the loopback', () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1000       5    0    0    0     0          0         0     1000       5    0    0    0     0       0          0
  eth0:  216       3    0    0    0     0          0         0      126       1    0    0    0     0       0          0
  eth1:    4       3    0    0    0     0          0         0        8       1    0    0    0     0       0          0
`
  const none = { errors: 0, dropped: 0 }
  expect(parseInterfaces(text)).toEqual({
    eth0: {
      received: { bytes: 216, packets: 3, ...none },
      sent: { bytes: 126, packets: 1, ...none },
    },
    eth1: { received: { bytes: 4, packets: 3, ...none }, sent: { bytes: 8, packets: 1, ...none } },
  })
})
