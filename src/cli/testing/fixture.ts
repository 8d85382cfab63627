import type { Engine } from '#engine/engine'
import type { Context } from '../context.ts'
import { createTestOutput, type TestOutput } from '../render/testing/fixture.ts'

/** A context whose outputs keep their text. A command that uses the store needs `engine`. */
export function createTestContext(
  engine?: Engine,
): Context & { readonly out: TestOutput; readonly err: TestOutput } {
  return {
    out: createTestOutput(),
    err: createTestOutput(),
    signal: new AbortController().signal,
    debug: false,
    exitCode: 0,
    leaveSignals() {},
    async engine() {
      if (engine) return engine
      throw new Error('this test has no store')
    },
    async engineOrProblem() {
      return await this.engine()
    },
  }
}
