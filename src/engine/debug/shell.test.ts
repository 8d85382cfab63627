import { afterAll, beforeAll, expect, test } from 'bun:test'
import { addTestImage, openTestEngine, type TestEngine } from '../testing/fixture.ts'
import { buildShell } from './shell.ts'

let engine: TestEngine
beforeAll(async () => {
  engine = await openTestEngine({ fetch: async () => new Response('{}', { status: 404 }) })
  await addTestImage(engine, { names: ['bb:latest'] })
})
afterAll(() => engine[Symbol.asyncDispose]())

const dockerfile = { text: 'FROM bb AS app\nCOPY <<a /b\na\nRUN false\n' }

test('buildShell() runs no step when there is no such stage or line', async () => {
  const steps: string[] = []
  const request = {
    dockerfile,
    emit: (event: { readonly type: string }) => void steps.push(JSON.stringify(event)),
  }
  await expect(buildShell(engine, request, { stage: 'ap' })).rejects.toMatchObject({
    remedy: 'did you mean app',
  })
  await expect(buildShell(engine, request, { stage: 'app', line: 9 })).rejects.toThrow(
    'Cannot open a shell at app:9 of Dockerfile: the stage has the lines 1 to 4',
  )
  expect(steps.filter((event) => event.includes('COPY'))).toEqual([])
})
