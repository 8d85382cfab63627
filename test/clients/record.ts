// Asks Docker 29 and writes its answers, with which the end-to-end tests compare those of strake.
// Run it by scripts/ask-docker, in namespaces of its own.
import { writeAnswers } from './answers.ts'
import { allSteps } from './requests/all.ts'
import { runSteps } from './run-steps.ts'
import { importBase, openDockerTarget } from './target.ts'

await using target = await openDockerTarget()
await importBase(target)
await writeAnswers(await runSteps(target.socket, allSteps))
