// Keeps some lines of a scrolling box in sight.
import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';

/**
 * Scrolls `box` so that the elements that `find` gives are seen, when one of `when` changes and when the box gets another size.
 * Where they fit they are shown as a whole, else their beginning is; where they are seen already nothing moves.
 */
export function useInSight(box: RefObject<HTMLElement>, find: (box: HTMLElement) => ArrayLike<HTMLElement>, when: readonly unknown[]): void {
    useEffect(() => {
        const element = box.current;
        if (!element) return undefined;
        const look = (): void => {
            const found = find(element);
            const first = found[0];
            const last = found[found.length - 1];
            if (!first || !last) return;
            const top = first.offsetTop;
            const bottom = last.offsetTop + last.offsetHeight;
            const height = element.clientHeight;
            if (top >= element.scrollTop && bottom <= element.scrollTop + height) return;
            element.scrollTop = Math.max(0, bottom - top < height ? (top + bottom - height) / 2 : top - 24);
        };
        look();
        const size = new ResizeObserver(look);
        size.observe(element);
        return () => size.disconnect();
    }, when as unknown[]);
}
