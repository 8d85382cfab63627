import { parseBuildCall } from '#docker/build/call'
import { build } from '#engine/build/build'
import { isStream } from '#engine/output/deliver'
import { StrakeError } from '#oci'
import { addPodmanBuildOptions } from '../arguments/build/podman-options.ts'
import { addBuildProofOptions } from '../arguments/build/proof-options.ts'
import { addBuildRunOptions } from '../arguments/build-run-options.ts'
import { Command } from '../arguments/command.ts'
import { collect } from '../arguments/values.ts'
import { type BuildCommandOptions, readRequest } from '../build/read-request.ts'
import type { Context } from '../context.ts'
import { buildRenderer } from '../render/build-renderer.ts'
import { openShell, requireTerminal, shellAnnouncer } from './build-shell.ts'

export function define(context: Context): Command {
  return addPodmanBuildOptions(addBuildProofOptions(addBuildRunOptions(new Command('build'))))
    .description('Build an image from a Dockerfile')
    .argument(
      '[context]',
      'a directory, or a URL of git or of an archive; - reads an archive, or a Dockerfile without files',
    )
    .option('-t, --tag <name[:tag]>', 'a name for the image', collect)
    .option('-f, --file <path>', 'the Dockerfile: a path or URL; - for standard input')
    .option('--target <stage>', 'the stage to build')
    .option('--build-arg <name[=value]>', 'a value for an ARG', collect)
    .option(
      '--build-context <name=source>',
      'replaces a stage or image: a directory, docker-image://, oci-layout://, git or https://',
      collect,
    )
    .option('--label <key=value>', 'a label of the image', collect)
    .option(
      '--cache-from <source>',
      'a cache to read: an image, or type=registry, local, s3, azblob or gha with its keys',
      collect,
    )
    .option(
      '--cache-to <target>',
      'a cache to write: an image, or type=inline, registry, local, s3, azblob or gha with its keys',
      collect,
    )
    .option('--no-cache', 'run every step again')
    .option('--pull <when>', 'look for newer base images; missing or never pulls less', {
      alone: 'always',
      choices: ['always', 'missing', 'never', 'newer', 'true', 'false'],
    })
    .option(
      '--platform <platforms>',
      'os/architecture of the result; several make an index',
      collect,
    )
    .option(
      '-o, --output <output>',
      'a directory, - for a tar archive, or type=local, tar, oci, docker, image, registry or cacheonly with its keys',
      collect,
    )
    .option('--network <mode>', 'default, none, host, or proxy, which records what RUN downloads')
    .option(
      '--secret <spec>',
      'a secret for RUN: id=NAME,src=FILE or id=NAME,env=VARIABLE',
      collect,
    )
    .option('--ssh <agent>', 'an SSH agent for RUN and git: default, ID=SOCKET or ID=KEY', collect)
    .option('--downloads <from>', 'where ADD may download from; public excludes private networks', {
      choices: ['any', 'public'],
      default: 'any',
    })
    .option('--progress <kind>', 'how to show progress', {
      choices: ['auto', 'tty', 'plain', 'quiet', 'none', 'rawjson'],
      default: 'auto',
      env: 'BUILDKIT_PROGRESS',
    })
    .option('--check', 'check the Dockerfile and build nothing')
    .option('--print', 'print the Dockerfile without extensions, and build nothing')
    .option('--fix', 'with --check, rewrite what can be changed without changing what is built')
    .option('--diff', 'with --check --fix, show the changes and make none')
    .option(
      '--call <method>',
      'check, outline or targets: describe the Dockerfile and build nothing',
    )
    .option(
      '--debug-on-failure',
      'open a shell in a RUN that fails, or before a COPY, ADD or WORKDIR that fails',
    )
    .option(
      '--shell <stage[:line]>',
      'open a shell after a stage, or after its instruction at a line; :LINE finds the stage',
    )
    .option('-q, --quiet', 'print only the image ID')
    .option('--iidfile <file>', 'write the image ID into a file')
    .option('--metadata-file <file>', 'write digests and names into a file, in JSON')
    .option('--timestamp <time>', "'now', or seconds since 1970, instead of a reproducible time")
    .option('--load', 'store the image beside the outputs of --output')
    .option('--push', 'push every name afterwards')
    .option(
      '--provenance <kind>',
      'true, or mode=min or max: store a description of the build with the image',
    )
    .option(
      '--sbom <kind>',
      'true, or generator=IMAGE or syft: store a list of packages with the image',
    )
    .option('--builder <name>', '', { hidden: true })
    .option('-D, --debug', '', { hidden: true })
    .option('--rm', '', { hidden: true })
    .option('--force-rm', '', { hidden: true })
    .option('--compress', '', { hidden: true })
    .option('--disable-content-trust', '', { hidden: true })
    .option('--isolation <kind>', '', {
      hidden: true,
      choices: ['default', 'oci', 'rootless', 'chroot'],
    })
    .option('--attest <spec>', 'type=provenance or type=sbom, and its keys', collect)
    .examples('strake build -t app:1.0 --build-arg VERSION=1.0 .')
    .action(async (directory: string | undefined, options: BuildCommandOptions) => {
      const call = parseBuildCall(options.call, options.check === true)
      const request = await readRequest(directory, options, context.signal)
      if (options.print) {
        const { printDockerfile } = await import('#engine/dockerfile/print')
        return context.out.write(await printDockerfile(request))
      }
      if (call.method !== 'build' || options.fix) {
        const { inspectBuild } = await import('../build/inspect-build.ts')
        return await inspectBuild(context, call, { ...options, request })
      }
      if (options.verify !== undefined) {
        const { verifyImage } = await import('../build/verify-image.ts')
        return await verifyImage(context, { ...request, image: options.verify }, options)
      }
      if (options.dryRun) {
        const { predictSteps } = await import('../build/predict-steps.ts')
        return await predictSteps(context, request, options.progress)
      }
      const shellFlag = options.shell === undefined ? '--debug-on-failure' : '--shell'
      const debugOnFailure = options.debugOnFailure === true
      if (debugOnFailure || options.shell !== undefined) requireTerminal(context, shellFlag)
      const usesOutput = request.outputs?.some(isStream) === true
      if (usesOutput && context.out.isTerminal) {
        throw new StrakeError('INVALID', 'Cannot write to a terminal: an archive is not text', {
          remedy: 'name a file with dest=, or write into a pipe',
        })
      }
      const renderer = buildRenderer(context, options.quiet ? 'quiet' : options.progress)
      if (options.shell !== undefined) {
        return await openShell(context, request, { place: options.shell, renderer })
      }
      const engine = await context.engine()
      const result = await build(engine, {
        ...request,
        debugOnFailure,
        onShell: shellAnnouncer(context, renderer),
        emit: renderer.emit,
        signal: context.signal,
      }).finally(() => renderer.finish())
      if (!usesOutput) renderer.report(result)
    })
}
