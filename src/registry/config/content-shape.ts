import type {
  CollectConfig,
  ContentConfig,
  FixedTagsConfig,
  ProxyConfig,
  QuotaConfig,
  RetentionConfig,
  RetentionKeepConfig,
  UpstreamConfig,
} from './content-config.ts'
import {
  duration,
  filledList,
  flag,
  type KeysOf,
  list,
  path,
  type Shape,
  section,
  size,
  text,
  whole,
} from './shape.ts'

/** Repositories by glob. */
export const repositoryGlob: Shape<string> = text(
  'a repository, in which * stands for a part of a segment and ** for any path',
  /^[a-z0-9*][a-z0-9._/*-]{0,254}$/,
)

const tagGlob = text('a tag, in which * stands for any text', /^[\w*][\w.*-]{0,127}$/)
const repositoryName = text(
  'the name of a repository or of a prefix of names',
  /^[a-z0-9]+(?:(?:[._]|__|-+|\/)[a-z0-9]+)*$/,
)

const upstream: Shape<UpstreamConfig> = section({
  name: {
    shape: repositoryName,
    isRequired: true,
    about: 'The first part of the names of its repositories here, such as docker.io.',
  },
  url: {
    shape: text('a URL such as https://registry.example.com', /^https?:\/\/[^\s/?#]+\/?$/),
    about: 'Its address. Default: https:// and the name.',
  },
  ttl: { shape: duration, about: 'How long a tag is believed. Default: 1m.' },
  path: { shape: repositoryName, about: 'Put before the names that are asked of it.' },
  repositories: {
    shape: filledList(repositoryGlob),
    about: 'Serves only these of its repositories.',
  },
  tags: { shape: filledList(tagGlob), about: 'Serves only these tags.' },
  maxBlobSize: { shape: size, about: 'Larger blobs are passed on and not kept.' },
})

const proxy: Shape<ProxyConfig> = section({
  mirror: {
    shape: repositoryName,
    about: 'The name of the cached registry that is asked for names without a prefix.',
  },
  maxSize: {
    shape: size,
    about:
      'The most bytes of all caches together: what was pulled longest ago goes. Default: no limit.',
  },
  upstreams: { shape: list(upstream), about: 'Registries that are cached, each below its name.' },
})

const collect: Shape<CollectConfig> = section({
  interval: { shape: duration, about: 'How often the server collects. Default: 1h.' },
  untagged: {
    shape: duration,
    about: 'How long a manifest without a tag stays pullable by its digest. Default: 7d.',
  },
  unused: {
    shape: duration,
    about:
      'How long blobs stay that no manifest names, and content of no repository. Default: 24h.',
  },
  inUseFile: {
    shape: path,
    about: 'A file with the digests that a cluster runs, which stay, and so do their tags.',
  },
})

const keep: Shape<RetentionKeepConfig> = section({
  newestPushed: { shape: whole(0, 1_000_000), about: 'The tags that were pushed last.' },
  newestPulled: { shape: whole(0, 1_000_000), about: 'The tags that were pulled last.' },
  pushedWithin: { shape: duration, about: 'Tags that were pushed since then.' },
  pulledWithin: { shape: duration, about: 'Tags that were pulled, or pushed, since then.' },
})

const retention: Shape<RetentionConfig> = section({
  repositories: {
    shape: filledList(repositoryGlob),
    isRequired: true,
    about: 'The repositories that the rule is about.',
  },
  tags: { shape: filledList(tagGlob), about: 'The tags that it is about. Default: all.' },
  keep: {
    shape: keep,
    isRequired: true,
    about: 'What stays: a tag for which one of these holds. Others are removed.',
  },
})

const fixedTags: Shape<FixedTagsConfig> = section({
  repositories: {
    shape: filledList(repositoryGlob),
    isRequired: true,
    about: 'The repositories that the rule is about.',
  },
  tags: {
    shape: filledList(tagGlob),
    isRequired: true,
    about: 'Tags that cannot be moved or removed once they exist.',
  },
})

const quota: Shape<QuotaConfig> = section({
  prefix: { shape: repositoryName, about: 'Limits this repository and those below it together.' },
  eachUser: { shape: flag, about: 'Limits what each user has pushed instead.' },
  bytes: { shape: size, isRequired: true, about: 'The most bytes.' },
})

/** The sections about content. */
export const contentKeys: KeysOf<ContentConfig> = {
  proxy: { shape: proxy, about: 'Caches of other registries.' },
  collect: { shape: collect, about: 'Removes what no tag reaches; without it, nothing.' },
  retention: { shape: list(retention), about: 'Tags that stay. The first rule for a tag decides.' },
  fixedTags: { shape: list(fixedTags), about: 'Tags that cannot be changed.' },
  quotas: { shape: list(quota), about: 'How many bytes repositories and users may hold.' },
}
