import { expect, test } from 'bun:test'
import { parse } from '#dockerfile'
import { sha256 } from '#oci'
import { NamedContexts } from '../model/contexts.ts'
import { inDependencyOrder } from '../model/graph.ts'
import { planBuild } from '../plan/plan.ts'
import { createBuildArgs } from '../variables/scope.ts'
import { Operations } from './describe.ts'

const platform = { os: 'linux', architecture: 'amd64' }
const base = {
  descriptor: { mediaType: 'm', digest: sha256('manifest'), size: 1 },
  root: sha256('index'),
  config: { ...platform, rootfs: { type: 'layers', diff_ids: [sha256('layer')] } },
  layers: [
    { descriptor: { mediaType: 'l', digest: sha256('layer'), size: 1 }, diffId: sha256('layer') },
  ],
} as const

/** The beginnings of the digests of steps, and their texts. */
async function digestsOf(text: string): Promise<readonly string[]> {
  const [plan] = await planBuild(parse(text), {
    source: { text, name: 'Dockerfile' },
    buildArgs: createBuildArgs({}),
    platforms: { build: platform, targets: [platform] },
    network: 'default',
    grants: new Set(),
    warn() {},
    contexts: new NamedContexts(),
    resolveImage: async (reference) => ({ ...base, reference, isLocal: false }),
  })
  if (plan === undefined) throw new Error('there is no plan')
  const operations = new Operations(plan.images)
  return inDependencyOrder(plan.target).flatMap((vertex) => {
    const name = vertex.name.replace(/^\[[^\]]*\] /, '')
    const isSource = vertex.op.kind === 'image' || vertex.op.kind === 'scratch'
    if (isSource || vertex.name.startsWith('[internal]')) return []
    return operations.of(vertex).map(({ digest }) => `${digest.slice(7, 20)} ${name}`)
  })
}

/** The digests are those of the records that BuildKit 0.34 wrote for the same Dockerfile. */
const recorded = `FROM base AS one
ARG GLOBAL=g
ENV B=1 A=2
ENV B=3
COPY --chown=user:user --chmod=640 f.json /json/
COPY --chown=1000 g.json /json/g2
COPY --chmod=u=rwX,go=rX dir /modes
USER user
WORKDIR /home/w
RUN id
USER root
WORKDIR sub/dir
RUN ["/bin/sh", "-c", "pwd > /pwd"]
RUN --network=none echo n > /n
RUN --mount=type=tmpfs,target=/tt --mount=type=secret,id=s,required=false echo t > /t
RUN --mount=type=bind,from=base,source=/etc,target=/mnt cat /mnt/passwd > /p
RUN <<E
echo heredoc > /h
E
RUN <<E
#!/bin/sh
echo script > /sc
E
COPY <<E /inline
inline $GLOBAL
E
COPY . /all/
COPY f.json g.json /two/
FROM scratch AS two
COPY --from=one /all /all
COPY f.json /f
FROM base
COPY --from=two / /two
ADD run.sh /run.sh
COPY link.json /linked
COPY *.json /wild/
COPY --link g.json /linkg
RUN --mount=type=cache,target=/c,id=own,sharing=locked echo c > /c2
RUN --mount=type=cache,target=/cache echo c > /c3
RUN --mount=type=bind,source=dir,target=/d cat /d/b > /b
RUN --mount=type=cache,target=/o,uid=1000,gid=1000 echo c > /o2
RUN --mount=type=cache,target=/o3,mode=0700,id=z echo c > /o4
RUN --mount=type=secret,id=s,env=TOKEN --mount=type=secret,id=t,uid=5,mode=0444,target=/sec echo c > /o7
RUN --mount=type=ssh echo c > /o8
RUN --mount=type=ssh,id=k,target=/agent,required=false echo d > /o9
SHELL ["/bin/sh", "-ec"]
RUN echo last > /last
COPY --exclude=sub dir /x/
COPY --exclude=*.json --exclude=d . /x/
COPY --exclude=b d* /x/
COPY --parents dir/sub/c /x/
COPY --parents ./dir/./sub/* /x/
COPY --parents --exclude=g* --chmod=640 **/*.json /x/
COPY */b /x/
COPY --exclude=/odd dir /x/
ADD https://example.org/file /x/
`

test('Operations describes steps by the digests of BuildKit', async () => {
  expect(await digestsOf(recorded)).toEqual([
    '65f41cd055aaa COPY --chown=user:user --chmod=640 f.json /json/',
    'c917f464ec548 COPY --chown=1000 g.json /json/g2',
    'dfdbd07ca2f04 COPY --chmod=u=rwX,go=rX dir /modes',
    'c3f6e268a8dc4 WORKDIR /home/w',
    '825fe567b8f73 RUN id',
    '6a48ea5d15d1c WORKDIR sub/dir',
    'a64b1f3931d46 RUN ["/bin/sh", "-c", "pwd > /pwd"]',
    '919cf33456df7 RUN --network=none echo n > /n',
    'eca4f42bef182 RUN --mount=type=tmpfs,target=/tt --mount=type=secret,id=s,required=false echo t > /t',
    '6fb84f9809717 RUN --mount=type=bind,from=base,source=/etc,target=/mnt cat /mnt/passwd > /p',
    '33a538d025d68 RUN <<E',
    '61e75c42664b0 RUN <<E',
    '8a6e65f05916d COPY <<E /inline',
    '1cfcfba199445 COPY . /all/',
    '0dd801c040a71 COPY f.json g.json /two/',
    '3d27eeecbc250 COPY --from=one /all /all',
    '1c9d5bb0a70b5 COPY f.json /f',
    '054c479fe5f19 COPY --from=two / /two',
    'de91618e4984c ADD run.sh /run.sh',
    'ba1a7bd11f6ab COPY link.json /linked',
    '56795f767bcd3 COPY *.json /wild/',
    '5dbfbafede472 COPY --link g.json /linkg',
    '2e4b6ec6c71a7 RUN --mount=type=cache,target=/c,id=own,sharing=locked echo c > /c2',
    'd86bc679c87fd RUN --mount=type=cache,target=/cache echo c > /c3',
    'a4a31c0cc87e9 RUN --mount=type=bind,source=dir,target=/d cat /d/b > /b',
    'b6ca0a606b641 RUN --mount=type=cache,target=/o,uid=1000,gid=1000 echo c > /o2',
    '1e4d644d64d54 RUN --mount=type=cache,target=/o3,mode=0700,id=z echo c > /o4',
    'bed1a8c72b503 RUN --mount=type=secret,id=s,env=TOKEN --mount=type=secret,id=t,uid=5,mode=0444,target=/sec echo c > /o7',
    'ef75fb266aba1 RUN --mount=type=ssh echo c > /o8',
    'e4136433dd720 RUN --mount=type=ssh,id=k,target=/agent,required=false echo d > /o9',
    '8d79db7d9a297 RUN echo last > /last',
    '06dd3333d28a4 COPY --exclude=sub dir /x/',
    'b89e70fa16b19 COPY --exclude=*.json --exclude=d . /x/',
    '3ea76aff321e6 COPY --exclude=b d* /x/',
    '1a9c36c96a936 COPY --parents dir/sub/c /x/',
    '9fee98e6edfde COPY --parents ./dir/./sub/* /x/',
    'fd2bfc908af4f COPY --parents --exclude=g* --chmod=640 **/*.json /x/',
    '3e3cfdf010a6b COPY */b /x/',
    // Other patterns of --exclude, and ADD before its sources are found, have no digest.
  ])
})
