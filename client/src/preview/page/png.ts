// A picture as PNG: the page is the one place with a canvas. The text of the SVG comes from the server and loads nothing, so that the
// canvas stays readable.

/** Pixels a point, for screens that show finer ones. */
const SCALE = 2;
/** Chromium draws no larger canvas: pixels of a side, and in all. */
const LONGEST = 16_000;
const MOST = 200_000_000;

/** PNG of an SVG document as base64; rejects where the browser cannot draw it. */
export async function toPng(svg: string): Promise<string> {
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
    await image.decode();
    const { naturalWidth: width, naturalHeight: height } = image;
    const scale = Math.min(SCALE, LONGEST / Math.max(width, height), Math.sqrt(MOST / (width * height)));
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL('image/png').replace(/^data:image\/png;base64,/, '');
}
