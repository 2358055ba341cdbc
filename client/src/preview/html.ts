// The document of the webview. Everything it loads is named here; the policy lets nothing else in.
import * as vscode from 'vscode';

export function previewHtml(webview: vscode.Webview, extension: vscode.Uri): string {
    const nonce = crypto.randomUUID().replaceAll('-', '');
    const script = webview.asWebviewUri(vscode.Uri.joinPath(extension, 'dist', 'preview.js'));
    const style = webview.asWebviewUri(vscode.Uri.joinPath(extension, 'client', 'media', 'preview.css'));
    const policy = [`default-src 'none'`, `script-src 'nonce-${nonce}'`, `style-src ${webview.cspSource}`, `font-src ${webview.cspSource}`, 'img-src data:'];
    return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${policy.join('; ')}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${style}">
<title>memtopo preview</title>
</head>
<body class="memtopo-preview">
<main id="page"></main>
<script nonce="${nonce}" src="${script}"></script>
</body>
</html>`;
}
