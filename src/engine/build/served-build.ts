// The parts of builds that a server needs, which has the files and shows the errors of its clients.

export {
  DockerfileError,
  ExitError,
  newestFrontend,
  readReceivedText,
  type WrongLines,
  wrongLines,
} from '#build'
