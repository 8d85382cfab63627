import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import {
  createContainer,
  execInContainer,
  inspectContainer,
  removeContainer,
  runDetached,
} from '#container'
import { typedValue } from '#template'
import { cannotRun, openTestbed, type Testbed } from '../../container/testing/testbed.ts'
import { documentType } from '../types/document-types.ts'
import { containerDocument } from './container-inspect.ts'
import type { InspectDocument } from './document.ts'

let bed: Testbed

const inspect = (id: string): InspectDocument =>
  containerDocument(inspectContainer(bed.context, id))

describe.skipIf(cannotRun !== undefined)(
  `containerDocument()${cannotRun ? ` (${cannotRun})` : ''}`,
  () => {
    beforeAll(async () => {
      bed = await openTestbed()
    })
    afterAll(async () => bed[Symbol.asyncDispose]())

    test('has every member of Docker 29', async () => {
      const image = bed.imageWith({
        Cmd: ['sh'],
        Volumes: { '/data': {} },
        ExposedPorts: { '80/tcp': {} },
      })
      const { id } = await createContainer(bed.context, {
        image,
        network: 'none',
        publishAll: true,
        expose: ['53/udp'],
        mounts: [
          { type: 'tmpfs', destination: '/t', options: ['size=1m'], byTmpfsFlag: true } as const,
          { type: 'volume', destination: '/anonymous' } as const,
          { type: 'volume', source: 'v', destination: '/v', readOnly: true } as const,
        ],
        security: { devices: [{ source: '/dev/null', destination: '/dev/n', access: 'rw' }] },
        resources: { memory: 64 << 20 },
      })
      const document = inspect(id)
      // Throws for a member of another type than in Docker.
      expect(typedValue(documentType('container'), document)).toMatchObject({ kind: 'struct' })
      expect(document).toMatchObject({
        Id: id,
        ExecIDs: null,
        MountLabel: '',
        ProcessLabel: '',
        AppArmorProfile: '',
        Storage: { RootFS: { Snapshot: { Name: bed.context.snapshots.kind } } },
        Config: {
          Domainname: '',
          AttachStdin: false,
          AttachStdout: false,
          AttachStderr: false,
          ExposedPorts: { '80/tcp': {}, '53/udp': {} },
          Volumes: { '/data': {}, '/anonymous': {} },
        },
        HostConfig: {
          Binds: ['v:/v:ro'],
          Tmpfs: { '/t': 'size=1m' },
          Devices: [
            { PathOnHost: '/dev/null', PathInContainer: '/dev/n', CgroupPermissions: 'rw' },
          ],
          PublishAllPorts: true,
          Links: null,
          VolumesFrom: null,
          UTSMode: '',
          Memory: 64 << 20,
          MemorySwap: 128 << 20,
          BlkioWeight: 0,
          BlkioWeightDevice: [],
          MaskedPaths: expect.arrayContaining(['/proc/kcore', '/proc/interrupts']),
          ReadonlyPaths: expect.arrayContaining(['/proc/sysrq-trigger']),
        },
        NetworkSettings: {
          SandboxID: '',
          SandboxKey: '',
          IPAddress: '',
          Ports: {},
          Networks: { none: { EndpointID: '', IPAddress: '', DNSNames: null } },
        },
      })
      expect(document).not.toHaveProperty('GraphDriver')
      await removeContainer(bed.context, id)
    })

    test('shows absent lists as null, and only variables of the image and the user', async () => {
      const options = { image: bed.image, hostname: 'h', tty: true, env: ['A=b'] }
      const { id } = await createContainer(bed.context, options)
      const lists = { Binds: null, ExtraHosts: null, GroupAdd: null, SecurityOpt: null }
      const Config = { Env: ['PATH=/bin', 'A=b'] }
      expect(inspect(id)).toMatchObject({ HostConfig: lists, Config })
      await removeContainer(bed.context, id)
    })

    test('shows the profile of AppArmor', async () => {
      const security = { apparmor: 'unconfined' }
      const { id } = await createContainer(bed.context, { image: bed.image, security })
      expect(inspect(id)).toMatchObject({
        AppArmorProfile: 'unconfined',
        HostConfig: { SecurityOpt: ['apparmor=unconfined'] },
      })
      await removeContainer(bed.context, id)
    })

    test('shows no hidden paths of a container that sees everything', async () => {
      const security = { privileged: true }
      const { id } = await createContainer(bed.context, { image: bed.image, security })
      const hidden = { MaskedPaths: null, ReadonlyPaths: null, CgroupnsMode: 'host' }
      expect(inspect(id)).toMatchObject({ HostConfig: hidden })
      await removeContainer(bed.context, id)
    })

    test('shows the network, mounts and other processes of a running container', async () => {
      const { context, image } = bed
      const { id } = await runDetached(context, {
        image,
        network: 'none',
        command: ['sleep', '100'],
        mounts: [
          { type: 'tmpfs', destination: '/t', byTmpfsFlag: true } as const,
          { type: 'tmpfs', destination: '/u', readOnly: true } as const,
        ],
      })
      expect(inspect(id)).toMatchObject({ ExecIDs: null })
      const exec = execInContainer(context, id, { command: ['sleep', '1'] })
      while (inspect(id)['ExecIDs'] === null) await Bun.sleep(5)
      expect(inspect(id)).toMatchObject({ ExecIDs: [expect.any(String)] })
      await exec
      const { NetworkSettings, Mounts, ExecIDs } = inspect(id)
      expect(ExecIDs).toBeNull()
      expect(Mounts).toEqual([
        {
          Type: 'tmpfs',
          Source: '',
          Destination: '/u',
          Mode: 'ro',
          RW: false,
          Propagation: '',
        },
      ])
      expect(NetworkSettings).toMatchObject({
        SandboxID: id,
        Networks: { none: { EndpointID: id } },
      })
      const { SandboxKey } = { SandboxKey: '', ...Object(NetworkSettings) }
      expect(existsSync(SandboxKey)).toBe(true)
      await removeContainer(context, id, { force: true })
    })
  },
)
