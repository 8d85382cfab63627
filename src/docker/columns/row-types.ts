/** The rows of a list: their Go type, which errors name by a pointer to it, and the titles of their columns. */
export interface RowType {
  readonly name: string
  /** By the name of a field. */
  readonly headers: Readonly<Record<string, string>>
  /** The template that `--format raw` means. */
  readonly raw?: string
  /** Docker tries a template before it lists objects. */
  readonly isChecked?: true
  /** The field that has a platform. All others have texts. */
  readonly platformField?: string
}

export type RowTypeName =
  | 'buildCache'
  | 'buildRecord'
  | 'builder'
  | 'cacheRecord'
  | 'cachedManifest'
  | 'change'
  | 'container'
  | 'history'
  | 'image'
  | 'network'
  | 'registryTagMove'
  | 'registryToken'
  | 'registryUser'
  | 'repository'
  | 'search'
  | 'stats'
  | 'tagMove'
  | 'usage'
  | 'volume'

/** One line for each field, and an empty line after them. */
function rawTemplate(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('')
}

/** Docker's lists, and those that only strake has. */
export const rowTypes: Readonly<Record<RowTypeName, RowType>> = {
  container: {
    name: 'formatter.ContainerContext',
    isChecked: true,
    platformField: 'Platform',
    headers: {
      ID: 'CONTAINER ID',
      Names: 'NAMES',
      Image: 'IMAGE',
      Command: 'COMMAND',
      CreatedAt: 'CREATED AT',
      RunningFor: 'CREATED',
      Ports: 'PORTS',
      State: 'STATE',
      Status: 'STATUS',
      Size: 'SIZE',
      Labels: 'LABELS',
      Mounts: 'MOUNTS',
      LocalVolumes: 'LOCAL VOLUMES',
      Networks: 'NETWORKS',
      HealthStatus: 'HEALTH STATUS',
      Platform: 'PLATFORM',
    },
    raw: rawTemplate({
      container_id: '{{.ID}}',
      image: '{{.Image}}',
      command: '{{.Command}}',
      created_at: '{{.CreatedAt}}',
      state: '{{- pad .State 1 0}}',
      status: '{{- pad .Status 1 0}}',
      names: '{{.Names}}',
      labels: '{{- pad .Labels 1 0}}',
      ports: '{{- pad .Ports 1 0}}',
    }),
  },
  image: {
    name: 'formatter.imageContext',
    headers: {
      ID: 'IMAGE ID',
      Repository: 'REPOSITORY',
      Tag: 'TAG',
      Digest: 'DIGEST',
      CreatedSince: 'CREATED',
      CreatedAt: 'CREATED AT',
      Size: 'SIZE',
      Containers: 'CONTAINERS',
      SharedSize: 'SHARED SIZE',
      UniqueSize: 'UNIQUE SIZE',
    },
    raw: rawTemplate({
      repository: '{{.Repository}}',
      tag: '{{.Tag}}',
      image_id: '{{.ID}}',
      created_at: '{{.CreatedAt}}',
      virtual_size: '{{.Size}}',
    }),
  },
  history: {
    name: 'image.historyContext',
    headers: {
      ID: 'IMAGE',
      CreatedSince: 'CREATED',
      CreatedAt: 'CREATED AT',
      CreatedBy: 'CREATED BY',
      Size: 'SIZE',
      Comment: 'COMMENT',
    },
  },
  network: {
    name: 'network.networkContext',
    headers: {
      ID: 'NETWORK ID',
      Name: 'NAME',
      Driver: 'DRIVER',
      Scope: 'SCOPE',
      IPv4: 'IPV4',
      IPv6: 'IPV6',
      Internal: 'INTERNAL',
      Labels: 'LABELS',
      CreatedAt: 'CREATED AT',
    },
    raw: rawTemplate({
      network_id: '{{.ID}}',
      name: '{{.Name}}',
      driver: '{{.Driver}}',
      scope: '{{.Scope}}',
    }),
  },
  volume: {
    name: 'formatter.volumeContext',
    headers: {
      Name: 'VOLUME NAME',
      Group: 'GROUP',
      Driver: 'DRIVER',
      Scope: 'SCOPE',
      Availability: 'AVAILABILITY',
      Mountpoint: 'MOUNTPOINT',
      Labels: 'LABELS',
      Links: 'LINKS',
      Size: 'SIZE',
      Status: 'STATUS',
    },
    raw: rawTemplate({ name: '{{.Name}}', driver: '{{.Driver}}' }),
  },
  stats: {
    name: 'container.statsContext',
    headers: {
      Container: 'CONTAINER',
      Name: 'NAME',
      ID: 'CONTAINER ID',
      CPUPerc: 'CPU %',
      MemUsage: 'MEM USAGE / LIMIT',
      MemPerc: 'MEM %',
      NetIO: 'NET I/O',
      BlockIO: 'BLOCK I/O',
      PIDs: 'PIDS',
    },
  },
  usage: {
    name: 'formatter.diskUsageImagesContext',
    headers: {
      Type: 'TYPE',
      TotalCount: 'TOTAL',
      Active: 'ACTIVE',
      Size: 'SIZE',
      Reclaimable: 'RECLAIMABLE',
    },
    raw: rawTemplate({
      type: '{{.Type}}',
      total: '{{.TotalCount}}',
      active: '{{.Active}}',
      size: '{{.Size}}',
      reclaimable: '{{.Reclaimable}}',
    }),
  },
  buildCache: {
    name: 'formatter.buildCacheContext',
    headers: {
      ID: 'CACHE ID',
      CacheType: 'CACHE TYPE',
      Size: 'SIZE',
      CreatedSince: 'CREATED',
      LastUsedSince: 'LAST USED',
      UsageCount: 'USAGE',
      InUse: 'IN USE',
      Parent: 'PARENT',
      Shared: 'SHARED',
    },
  },
  cacheRecord: {
    name: 'commands.duContext',
    headers: {
      ID: 'ID',
      Reclaimable: 'RECLAIMABLE',
      Size: 'SIZE',
      LastUsedSince: 'LAST USED',
      CreatedAt: 'CREATED AT',
      LastUsedAt: 'LAST USED AT',
    },
  },
  builder: {
    name: 'commands.lsContext',
    headers: {
      Name: 'NAME/NODE',
      DriverEndpoint: 'DRIVER/ENDPOINT',
      Status: 'STATUS',
      Buildkit: 'BUILDKIT',
      Platforms: 'PLATFORMS',
    },
  },
  buildRecord: {
    name: 'history.lsContext',
    headers: {
      Ref: 'BUILD ID',
      Name: 'NAME',
      Status: 'STATUS',
      CreatedAt: 'CREATED AT',
      Duration: 'DURATION',
      FullRef: 'REF',
      Link: '',
    },
  },
  tagMove: {
    name: 'strake.tagMove',
    headers: { When: 'WHEN', Time: 'TIME', Action: 'BY', Digest: 'DIGEST', ImageID: 'IMAGE ID' },
  },
  cachedManifest: {
    name: 'strake.cachedManifest',
    headers: {
      Repository: 'REPOSITORY',
      Tags: 'TAGS',
      Digest: 'DIGEST',
      Used: 'USED',
      UsedAt: 'USED AT',
      Pinned: 'PINNED',
    },
  },
  registryToken: {
    name: 'strake.registryToken',
    headers: {
      ID: 'ID',
      Kind: 'KIND',
      Owner: 'OWNER',
      Label: 'LABEL',
      Scopes: 'SCOPES',
      Created: 'CREATED',
      Used: 'USED',
      Expires: 'EXPIRES',
    },
  },
  registryUser: { name: 'strake.registryUser', headers: { Name: 'NAME' } },
  repository: {
    name: 'strake.repository',
    headers: { Repository: 'REPOSITORY', Tag: 'TAG' },
  },
  registryTagMove: {
    name: 'strake.registryTagMove',
    headers: { Time: 'TIME', Digest: 'DIGEST', By: 'BY' },
  },
  search: {
    name: 'registry.searchContext',
    headers: {
      Name: 'NAME',
      Description: 'DESCRIPTION',
      StarCount: 'STARS',
      IsOfficial: 'OFFICIAL',
      IsAutomated: 'AUTOMATED',
    },
  },
  change: {
    name: 'container.diffContext',
    headers: { Kind: 'CHANGE TYPE', Path: 'PATH' },
  },
}
