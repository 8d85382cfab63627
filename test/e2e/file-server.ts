// Serves the files of a directory over HTTP, and answers POST: file-server.ts <address> <directory>

const [address = '', directory = ''] = process.argv.slice(2)
const server = Bun.serve({
  hostname: address,
  port: 0,
  async fetch(request) {
    if (request.method === 'POST') return new Response('posted')
    const file = Bun.file(directory + new URL(request.url).pathname)
    return (await file.exists()) ? new Response(file) : new Response('absent', { status: 404 })
  },
})
process.stdout.write(`${server.port}\n`)
