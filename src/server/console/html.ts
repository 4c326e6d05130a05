/** Stands for the way from a page's address up to the console's, such as `../`. */
export const upwards = '{upwards}';

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><path fill="none" stroke="#0b62c4" stroke-width="3.5" stroke-linecap="round" stroke-linejoin="round" d="M3 8h11c6 0 5 16 11 16h4M3 16h8M3 24h8M21 8h8"/></svg>`;

/**
 * The one page of the console. It names its parts relative to its own address, so that it works under any path
 * that a reverse proxy has put before it.
 */
export function html({ script, style }: { script: string; style: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Trainyard</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(icon)}">
<link rel="stylesheet" href="${upwards}console/${style}">
<script type="module" src="${upwards}console/${script}"></script>
</head>
<body>
<div id="root"></div>
<noscript>The console needs JavaScript.</noscript>
</body>
</html>
`;
}
