// How Amplify, which knows only AWS' hosts, comes to Pinwheel. Three ways, each of them configuration alone:
//
// host    The name `pinpoint.REGION.amazonaws.com` leads to Pinwheel: by DNS, or by a proxy, with a certificate that the
//         device trusts.
// region  The region of Amplify's configuration is `HOST#`: the host becomes `pinpoint.HOST`, and what follows is a fragment.
// shim    `fetch` sends what is for Pinpoint to Pinwheel. It stays signed for the host that it names.
export function take(way, region, api) {
  const pinpoint = `https://pinpoint.${region}.amazonaws.com`;
  if (way === 'shim') {
    const original = globalThis.fetch;
    globalThis.fetch = (request, options) => {
      const url = request instanceof Request ? null : String(request);
      return original(url?.startsWith(pinpoint) ? api + url.slice(pinpoint.length) : request, options);
    };
  }
  return way === 'region' ? `https://pinpoint.${region.replace(/#$/, '')}` : pinpoint;
}
