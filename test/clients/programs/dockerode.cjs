// Uses dockerode for everything that an adopter would, and prints what it sees.
const { PassThrough } = require('node:stream')
const { createRequire } = require('node:module')
const { mkdtempSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { tmpdir } = require('node:os')

const load = createRequire(join(process.env.CLIENTS, 'package.json'))
const Docker = load('dockerode')
const tar = load('tar-stream')
const docker = new Docker({ socketPath: process.env.DOCKER_HOST.replace('unix://', '') })
const show = (...values) => {
  const words = values.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
  process.stdout.write(`${words.join(' ')}\n`)
}

const textOf = async (stream) => {
  const chunks = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const follow = (stream) =>
  new Promise((resolve, reject) =>
    docker.modem.followProgress(stream, (error, lines) => (error ? reject(error) : resolve(lines))),
  )

async function main() {
  show('ping', (await docker.ping()).toString())
  show('version', (await docker.version()).Os)
  show('info', (await docker.info()).OSType)

  // Everything that happens is also seen by one watcher.
  const events = await docker.getEvents({ filters: { type: ['container'] } })
  const seen = []
  events.on('data', (data) => {
    for (const line of data.toString().trim().split('\n')) seen.push(JSON.parse(line).Action)
  })

  const directory = mkdtempSync(join(tmpdir(), 'dockerode-'))
  writeFileSync(
    join(directory, 'Dockerfile'),
    'FROM busybox\nCOPY file /file\nRUN cat /file\nLABEL a=b\n',
  )
  writeFileSync(join(directory, 'file'), 'copied\n')
  const lines = await follow(
    await docker.buildImage({ context: directory, src: ['Dockerfile', 'file'] }, { t: 'made:1' }),
  )
  show(
    'build',
    lines.some((line) => line.stream?.startsWith('Successfully tagged made:1')),
    lines.some((line) => line.stream?.includes('copied')),
  )
  show('image', (await docker.getImage('made:1').inspect()).Config.Labels)
  await docker.getImage('made:1').tag({ repo: 'made', tag: '2' })
  show(
    'images',
    (await docker.listImages({ filters: { reference: ['made'] } }))
      .flatMap((one) => one.RepoTags)
      .sort(),
  )

  const [out, err] = [new PassThrough(), new PassThrough()]
  const texts = [textOf(out), textOf(err)]
  const [end, container] = await docker.run(
    'made:1',
    ['sh', '-c', 'cat /file; echo err >&2; exit 3'],
    [out, err],
    { Tty: false },
  )
  out.end()
  err.end()
  show('run', end.StatusCode, await texts[0], await texts[1])
  await container.remove()

  // Input and output over one connection that is taken over.
  const cat = await docker.createContainer({
    name: 'cat',
    Image: 'busybox',
    Cmd: ['cat'],
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
  })
  const attached = await cat.attach({
    stream: true,
    stdin: true,
    stdout: true,
    stderr: true,
    hijack: true,
  })
  const answer = new PassThrough()
  docker.modem.demuxStream(attached, answer, answer)
  const answered = textOf(answer)
  attached.on('end', () => answer.end())
  await cat.start()
  const sent = 'x'.repeat(500_000)
  attached.write(sent)
  attached.end('end\n')
  show('wait', (await cat.wait()).StatusCode)
  show('attach', (await answered) === `${sent}end\n`)
  await cat.remove()

  const web = await docker.createContainer({
    name: 'web',
    Image: 'busybox',
    Cmd: ['sh', '-c', 'echo one; echo two >&2; sleep 1000'],
    Labels: { x: 'y' },
    HostConfig: { Memory: 64 << 20 },
  })
  await web.start()
  show(
    'list',
    (await docker.listContainers({ filters: { label: ['x=y'] } })).map((one) => one.Names),
  )
  const exec = await web.exec({
    Cmd: ['sh', '-c', 'read line; echo got $line; exit 5'],
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
  })
  const session = await exec.start({ hijack: true, stdin: true })
  const reply = new PassThrough()
  docker.modem.demuxStream(session, reply, reply)
  session.on('end', () => reply.end())
  session.end('input\n')
  show('exec', await textOf(reply), (await exec.inspect()).ExitCode)
  const logs = await web.logs({ stdout: true, stderr: true })
  show('logs', logs.toString().includes('one'), logs.toString().includes('two'))
  const stats = await web.stats({ stream: false })
  show(
    'stats',
    typeof stats.cpu_stats.cpu_usage.total_usage,
    stats.memory_stats.limit,
    stats.pids_stats.current,
  )
  const pack = tar.pack()
  pack.entry({ name: 'put' }, 'archived\n')
  pack.finalize()
  await web.putArchive(pack, { path: '/tmp' })
  const entries = tar.extract()
  const got = []
  entries.on('entry', async (header, stream, next) => {
    got.push(header.name, await textOf(stream))
    next()
  })
  const archive = await web.getArchive({ path: '/tmp/put' })
  await new Promise((resolve) => archive.pipe(entries).on('finish', resolve))
  show('archive', got)
  show('top', (await web.top({ ps_args: '-o pid,args' })).Titles)
  show(
    'changes',
    (await web.changes()).some((one) => one.Path === '/tmp/put'),
  )
  await web.pause()
  show('paused', (await web.inspect()).State.Paused)
  await web.unpause()
  await web.update({ Memory: 128 << 20, MemorySwap: 256 << 20 })
  show('update', (await web.inspect()).HostConfig.Memory)
  const network = await docker.createNetwork({ Name: 'net', Labels: { x: 'y' } })
  await network.connect({ Container: 'web', EndpointConfig: { Aliases: ['alias'] } })
  show(
    'network',
    Object.values((await network.inspect()).Containers).map((one) => one.Name),
  )
  await network.disconnect({ Container: 'web' })
  await network.remove()
  const volume = await docker.createVolume({ Name: 'vol' })
  show(
    'volume',
    volume.Name ?? volume.name,
    (await docker.listVolumes()).Volumes.map((one) => one.Name),
  )
  await docker.getVolume('vol').remove()
  await web.stop({ t: 0 })
  await web.remove()
  for (const [name, work] of [
    ['absent', () => docker.getContainer('nosuch').inspect()],
    ['removed', () => web.start()],
    ['image', () => docker.getImage('nosuch').inspect()],
    ['create', () => docker.createContainer({ Image: 'nosuch' })],
  ]) {
    const error = await work().then(
      () => undefined,
      (error) => error,
    )
    show(name, error.statusCode, error.json.message)
  }
  await new Promise((resolve) => setTimeout(resolve, 500))
  events.destroy()
  show(
    'events',
    seen
      .filter((action) =>
        ['create', 'start', 'die', 'destroy', 'pause', 'unpause'].includes(action),
      )
      .slice(-12),
  )
  await docker.getImage('made:1').remove()
  await docker.getImage('made:2').remove()
}

main().then(
  () => process.exit(0),
  (error) => {
    process.stdout.write(`${error.stack}\n`)
    process.exit(1)
  },
)
