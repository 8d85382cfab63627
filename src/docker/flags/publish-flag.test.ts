import { expect, test } from 'bun:test'
import { parsePublish } from './publish-flag.ts'

test('parsePublish() reads every form that names ports', () => {
  const cases = {
    '80': [{ hostPort: 0, containerPort: 80, protocol: 'tcp' }],
    '8080:80': [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }],
    '0:80': [{ hostPort: 0, containerPort: 80, protocol: 'tcp' }],
    '80:90/sctp': [{ hostPort: 80, containerPort: 90, protocol: 'sctp' }],
    '53:53/UDP': [{ hostPort: 53, containerPort: 53, protocol: 'udp' }],
    '127.0.0.1:8080:80': [
      { hostIp: '127.0.0.1', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
    ],
    '[::1]:8080:80': [{ hostIp: '::1', hostPort: 8080, containerPort: 80, protocol: 'tcp' }],
    '[0:0::1]::80': [{ hostIp: '::1', hostPort: 0, containerPort: 80, protocol: 'tcp' }],
    '::1:8088:80': [{ hostIp: '::1', hostPort: 8088, containerPort: 80, protocol: 'tcp' }],
    '[::]:53:53/udp': [{ hostIp: '::', hostPort: 53, containerPort: 53, protocol: 'udp' }],
    '127.0.0.1::80': [{ hostIp: '127.0.0.1', hostPort: 0, containerPort: 80, protocol: 'tcp' }],
    '0.0.0.0:8080:80': [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }],
    '8000-8001:80-81': [
      { hostPort: 8000, containerPort: 80, protocol: 'tcp' },
      { hostPort: 8001, containerPort: 81, protocol: 'tcp' },
    ],
    '8000-8009:80': [{ hostPort: 8000, hostPortEnd: 8009, containerPort: 80, protocol: 'tcp' }],
    '80-81': [
      { hostPort: 0, containerPort: 80, protocol: 'tcp' },
      { hostPort: 0, containerPort: 81, protocol: 'tcp' },
    ],
  } as const
  for (const [text, requests] of Object.entries(cases)) {
    expect(parsePublish(text)).toEqual([...requests])
  }
})

test('parsePublish() names the error', () => {
  const cases = {
    '': '"" is not a port',
    'http:80': '"http" is not a port',
    '65536:80': 'ports are 1 to 65535',
    '8080:0': 'ports are 1 to 65535',
    '81-80:80-81': 'the range 81-80 is backwards',
    '8000-8002:80-81': 'the two ranges differ in length',
    '80:80/dccp': 'the protocol is tcp, udp or sctp, not "dccp"',
    '[::1%lo]:80:80': '"::1%lo" is not an IP address',
    '[::1]:1:80:80': 'there are too many colons',
    '[localhost]:80:80': '"localhost" is not an IP address',
    'localhost:80:80': '"localhost" is not an IP address',
    '1:2:3:4': '"1:2" is not an IP address',
  }
  for (const [text, reason] of Object.entries(cases)) {
    const message = `Cannot publish ${JSON.stringify(text)}: ${reason}`
    expect(() => parsePublish(text)).toThrow(message)
  }
})
