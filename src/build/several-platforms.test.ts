import { afterAll, beforeAll, expect, test } from 'bun:test'
import { formatPlatform, parsePlatform } from '#oci'
import { hostPlatform } from '#platform'
import { addBusybox, busyboxMissing, openWorkshop, type Workshop } from './testing/fixture.ts'

let workshop: Workshop
beforeAll(async () => {
  workshop = await openWorkshop()
})
afterAll(() => workshop[Symbol.asyncDispose]())

const native = hostPlatform()
const foreign = parsePlatform(native.architecture === 'arm64' ? 'amd64' : 'arm64')
const platforms = [native, foreign]

/** The steps of the latest build that ran or were cached, once for each time. */
function stepsOf({ events }: Workshop): readonly string[] {
  return events.flatMap((event) =>
    event.type === 'step' && event.state === 'started' && event.name.startsWith('[')
      ? [event.name]
      : [],
  )
}

test('build() makes an image for every platform, and runs shared steps once', async () => {
  const context = await workshop.context('shared', { a: 'text', amd64: 'x', arm64: 'y' })
  const dockerfile = {
    text: 'FROM scratch AS files\nCOPY a /a\nFROM scratch\nARG TARGETARCH\nCOPY --from=files /a /a\nCOPY $TARGETARCH /own\n',
  }
  const { images } = await workshop.build({ context, dockerfile, platforms })
  expect(images.map(({ config }) => config.architecture)).toEqual([
    native.architecture,
    foreign.architecture,
  ])
  const [one, two] = images
  expect(one?.layers[0]).toEqual(two?.layers[0] as never)
  expect(one?.layers[1]?.diffId).not.toBe(two?.layers[1]?.diffId as never)
  const steps = stepsOf(workshop).filter((name) => name.includes('COPY'))
  expect(steps.filter((name) => name.includes('COPY a'))).toHaveLength(1)
  expect(steps.filter((name) => name.includes('$TARGETARCH')).toSorted()).toEqual(
    platforms
      .map((each) => `[${formatPlatform(each)} stage-1 2/2] COPY $TARGETARCH /own`)
      .toSorted(),
  )
  const alone = await workshop.build({ context, dockerfile, platforms: [foreign] })
  expect(alone.imageId).toBe(two?.imageId as never)
})

test.skipIf(busyboxMissing !== undefined)(
  'build() runs a stage for the machine that builds, once and without an emulator',
  async () => {
    await addBusybox(workshop)
    const dockerfile = {
      text: `FROM --platform=$BUILDPLATFORM busybox AS build
RUN echo once > /shared
ARG TARGETPLATFORM
RUN echo for $TARGETPLATFORM > /own
FROM scratch
COPY --from=build /shared /own /
`,
    }
    const { images } = await workshop.build({ dockerfile, platforms })
    const texts = await Promise.all(images.map(({ layers }) => workshop.list(layers[0] as never)))
    const [one, two] = texts.map((files) => files['own'])
    expect(one).toContain(`for ${formatPlatform(native)}`)
    expect(two).toContain(`for ${formatPlatform(foreign)}`)
    const runs = stepsOf(workshop).filter((name) => name.includes('RUN echo once'))
    expect(runs).toEqual([`[${formatPlatform(native)} build 2/3] RUN echo once > /shared`])
  },
)

test.skipIf(busyboxMissing !== undefined)(
  'build() names the emulator that RUN for another platform needs',
  async () => {
    const head = Buffer.alloc(64)
    head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
    // EM_MIPS: no test machine has this architecture or an emulator for it.
    head.set([2, 0, 8, 0], 16)
    await workshop.addImage('foreign', { 'bin/sh': { text: head.toString('latin1'), mode: 0o755 } })
    const building = workshop.build({ dockerfile: { text: 'FROM foreign\nRUN true\n' } })
    await expect(building).rejects.toThrow(
      'it is a program for mips64le, and this machine has no emulator for mips64le: install the packages qemu-user-static and binfmt-support',
    )
  },
)
