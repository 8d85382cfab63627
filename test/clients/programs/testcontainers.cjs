// The quick start of testcontainers and what its adopters use. Ends without stopping anything: Ryuk does.
const { createRequire } = require('node:module')
const { mkdtempSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { tmpdir } = require('node:os')

const load = createRequire(join(process.env.CLIENTS, 'package.json'))
const { GenericContainer, Network, Wait } = load('testcontainers')
const show = (...values) => {
  const words = values.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
  process.stdout.write(`${words.join(' ')}\n`)
}

async function main() {
  const network = await new Network().start()
  const web = await new GenericContainer('busybox')
    .withCommand(['sh', '-c', 'echo ready; exec httpd -f -p 8080 -h /www'])
    .withExposedPorts(8080)
    .withNetwork(network)
    .withNetworkAliases('web')
    .withCopyContentToContainer([{ content: 'served\n', target: '/www/index.html' }])
    .withEnvironment({ A: '1' })
    .withHealthCheck({ test: ['CMD', 'true'], interval: 1000, retries: 3, timeout: 1000 })
    .withWaitStrategy(
      Wait.forAll([Wait.forLogMessage('ready'), Wait.forListeningPorts(), Wait.forHealthCheck()]),
    )
    .start()
  const answer = await fetch(`http://${web.getHost()}:${web.getMappedPort(8080)}/index.html`)
  show('http', answer.status, await answer.text())
  const { output, exitCode } = await web.exec(['sh', '-c', 'echo $A; exit 0'])
  show('exec', exitCode, output)
  const client = await new GenericContainer('busybox')
    .withNetwork(network)
    .withCommand(['sh', '-c', 'wget -q -O - http://web:8080/ && sleep 1000'])
    .withWaitStrategy(Wait.forLogMessage('served'))
    .start()
  show('alias', true)
  const directory = mkdtempSync(join(tmpdir(), 'testcontainers-'))
  writeFileSync(
    join(directory, 'Dockerfile'),
    'FROM busybox\nARG WORD\nRUN echo $WORD >/word\nCMD ["sh", "-c", "cat /word; sleep 1000"]\n',
  )
  const image = await GenericContainer.fromDockerfile(directory)
    .withBuildArgs({ WORD: 'built' })
    .build()
  const built = await image.withWaitStrategy(Wait.forLogMessage('built')).start()
  show('build', true)
  await client.restart()
  await built.stop()
  show('stopped', true)
}

main().then(
  () => process.exit(0),
  (error) => {
    process.stdout.write(`${error.stack}\n`)
    process.exit(1)
  },
)
