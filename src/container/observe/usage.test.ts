import { expect, test } from 'bun:test'
import { parseDevices } from './usage.ts'

test('parseDevices() sums the interfaces without the loopback', () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1000       5    0    0    0     0          0         0     1000       5    0    0    0     0       0          0
  eth0:  216       3    0    0    0     0          0         0      126       1    0    0    0     0       0          0
  eth1:    4       3    0    0    0     0          0         0        8       1    0    0    0     0       0          0
`
  expect(parseDevices(text)).toEqual({ received: 220, sent: 134 })
})
