// The width a picture has to fill, as the panel is made wider and narrower.
import { type RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

/** Width of an element in whole CSS pixels; 0 before it is laid out for the first time. */
export function useWidth(box: RefObject<HTMLElement>): number {
    const [width, setWidth] = useState(0);
    useLayoutEffect(() => {
        const element = box.current;
        if (!element) return undefined;
        const measure = (): void => setWidth(Math.floor(element.clientWidth));
        measure();
        const watch = new ResizeObserver(measure);
        watch.observe(element);
        return () => watch.disconnect();
    }, []);
    return width;
}
