/** For a command that starts a process in a container: begins early what the kernel is slow at. */
export { primeCgroups } from '#runtime/cgroup'
