// Files of the site are compressed, so that any static host serves them small.

/** The bytes at an address, decompressed unless the server had the browser do that. */
export async function decompressed(url) {
  let response;
  try {
    response = await fetch(url);
  } catch {
    throw new Error(`${url} cannot be loaded: is the server of this page still there?`);
  }
  if (!response.ok) throw new Error(`${url} is missing from this site (HTTP ${response.status}).`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
