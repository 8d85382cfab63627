/** A device that a RUN asks for (`--device`). */
export interface WantedDevice {
  /** `vendor.com/class=name`, `vendor.com/class=*` or `vendor.com/class`. */
  readonly name: string
  /** Whether the build fails without the device. */
  readonly isRequired: boolean
}

/** What a device adds to a container. */
export interface DeviceEdits {
  readonly nodes: readonly {
    readonly source: string
    readonly destination: string
    /** Letters of `rwm`. */
    readonly access: string
  }[]
  /** `NAME=value`. */
  readonly env: readonly string[]
  readonly mounts: readonly {
    readonly source: string
    readonly destination: string
    readonly readOnly: boolean
  }[]
}

/** Finds a device of this machine by its name. Returns `undefined` for none. The engine implements it. */
export type DeviceFinder = (name: string) => Promise<DeviceEdits | undefined>
