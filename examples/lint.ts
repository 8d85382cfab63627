// Prints the problems of a Dockerfile, on Node >= 24 as well as on Bun.
//
//   node examples/lint.ts Dockerfile
import { readFileSync } from 'node:fs'
import { formatDiagnostics, parse } from 'strake/dockerfile'

const file = process.argv[2] ?? 'Dockerfile'
const text = readFileSync(file, 'utf8')
const { stages, diagnostics } = parse(text)
console.log(`${stages.length} stages: ${stages.map(({ name, index }) => name ?? index).join(', ')}`)
if (diagnostics.length > 0) console.log(formatDiagnostics(text, diagnostics, file))
process.exitCode = diagnostics.some(({ severity }) => severity === 'error') ? 1 : 0
