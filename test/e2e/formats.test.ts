import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { importBusybox } from './busybox.ts'
import { missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar')
if (reason) console.info(`skipped: formats: ${reason}`)

describe.skipIf(reason !== undefined)('Go templates', () => {
  let strake: Strake

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    const labels = ['--label', 'com.example.tier=db', '--label', 'a=1']
    const words = ['--name', 'web', '--network', 'none', ...labels, 'busybox', 'sh', '-c', 'exit 3']
    await strake('run', ...words)
    await strake.ok('volume', 'create', '--label', 'x=y', 'data')
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  test('inspect prints what scripts ask for', async () => {
    const wanted: Readonly<Record<string, string>> = {
      '{{.State.Status}} {{.State.ExitCode}} {{.State.Running}}': 'exited 3 false',
      '{{.Name}} {{slice .Id 0 3 | len}}': '/web 3',
      '{{.HostConfig.NetworkMode}} {{.HostConfig.RestartPolicy.Name}}': 'none no',
      '{{index .Config.Labels "com.example.tier"}}': 'db',
      '{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}': 'a=1;com.example.tier=db;',
      '{{json .Config.Cmd}} {{join .Args ","}}': '["sh","-c","exit 3"] -c,exit 3',
      '{{range .NetworkSettings.Networks}}[{{.IPAddress}}]{{end}}': '[]',
      '{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}': 'none',
    }
    for (const [template, text] of Object.entries(wanted)) {
      expect([template, await strake.ok('inspect', '-f', template, 'web')]).toEqual([
        template,
        text,
      ])
    }
    expect(await strake.ok('image', 'inspect', '-f', '{{.Os}} {{.Config.Cmd}}', 'busybox')).toBe(
      'linux [sh]',
    )
    expect(await strake.ok('volume', 'inspect', '-f', '{{.Labels.x}} {{.Scope}}', 'data')).toBe(
      'y local',
    )
  })

  test('lists print templates and tables', async () => {
    expect(await strake.ok('ps', '-a', '--format', '{{.Names}}: {{.State}} {{.Label "a"}}')).toBe(
      'web: exited 1',
    )
    const table = await strake.ok('ps', '-a', '--format', 'table {{.Names}}\\t{{.Image}}')
    expect(table).toBe('NAMES     IMAGE\nweb       busybox')
    expect(await strake.ok('ps', '-a', '--format', '{{.Size}}')).toMatch(/^\d.* \(virtual .+\)$/)
    expect(await strake.ok('images', '--format', '{{.Repository}}:{{.Tag}}')).toBe('busybox:latest')
    expect(await strake.ok('images', '-q', '--format', '{{upper .Tag}}')).toBe('LATEST')
    expect(await strake.ok('history', '--format', '{{len .ID}}', 'busybox')).toMatch(/^\d+/)
    expect(await strake.ok('volume', 'ls', '--format', '{{.Name}} {{.Labels}}')).toBe('data x=y')
    expect(await strake.ok('system', 'df', '--format', '{{.Type}}')).toContain('Images\nContainers')
    const details = '{{range .Volumes}}{{.Name}}{{end}}'
    expect(await strake.ok('system', 'df', '-v', '--format', details)).toBe('data')
    expect(await strake.ok('stats', '-a', '--no-stream', '--format', '{{.Name}} {{.PIDs}}')).toBe(
      'web 0',
    )
    expect(await strake.ok('tag', 'log', 'busybox', '--format', '{{.Action}}')).toBe('import')
  })

  test('info, version, events and doctor print templates', async () => {
    const counts = '{{.OSType}} {{.Containers}} {{.ContainersStopped}}'
    expect(await strake.ok('info', '-f', counts)).toBe('linux 1 1')
    expect(await strake.ok('version', '-f', '{{.Server.Version}}')).toMatch(/^\d+\.\d+\.\d+/)
    const events = ['events', '--since', '1h', '--until', '0s', '--filter', 'event=create']
    const event = '{{.Type}} {{.Actor.Attributes.name}}'
    expect(await strake.ok(...events, '--format', event)).toContain('container web')
    const { stdout } = await strake('doctor', '--format', '{{.state}}')
    expect(stdout).toMatch(/^(ok|warning|failure)/)
    expect(await strake.ok('system', 'check', '--format', '{{.state}}')).toBe('')
  })

  test('errors have the words and the codes of Docker', async () => {
    const inspect = (template: string): readonly string[] => ['inspect', '-f', template, 'web']
    const failures: readonly (readonly [number, readonly string[], string])[] = [
      [64, inspect('{{.Id'), ':1: unclosed action'],
      [64, inspect('{{nope .}}'), ':1: function "nope" not defined'],
      [1, inspect('{{.Nope}}'), ':1:2: executing "" at <.Nope>: map has no entry for key "Nope"'],
      [
        1,
        ['volume', 'ls', '--format', '{{.Nope}}'],
        `:1:2: executing "" at <.Nope>: can't evaluate field Nope in type *formatter.volumeContext`,
      ],
      [1, ['images', '--format', '{{.ID'], ':1: unclosed action'],
      [64, ['info', '-f', '{{end}}'], ':1: unexpected {{end}}'],
      [64, ['version', '-f', '{{if}}'], 'version:1: missing value for if'],
    ]
    const tried = await strake('ps', '--format', '{{.Nope}}')
    expect(tried.stderr).toStartWith(
      'strake: failed to execute template: template: :1:2: executing',
    )
    const event = await strake('events', '--until', '0s', '--format', '{{.Nope}}')
    expect(event.exitCode).toBe(64)
    expect(event.stderr).toContain("can't evaluate field Nope in type")
    for (const [code, words, message] of failures) {
      const { exitCode, stderr } = await strake(...words)
      expect([words, exitCode]).toEqual([words, code])
      expect(stderr).toStartWith(`strake: template parsing error: template: ${message}\n`)
    }
  })

  test('a template without end is stopped', async () => {
    const endless = '{{range 9000000000000}}{{end}}'
    const { exitCode, stderr } = await strake('inspect', '-f', endless, 'web')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('exceeded maximum number of steps')
  })

  test('ps says that --quiet wins over --format', async () => {
    const { stdout, stderr } = await strake('ps', '-aq', '--format', '{{.Names}}')
    expect(stdout).toMatch(/^[0-9a-f]{12}\n?$/)
    expect(stderr).toContain('Ignoring custom format, because both --format and --quiet are set.')
  })
})
