// The icons: strokes on a grid of 24.

import { s } from './dom.js';

const PATHS = {
    chat: 'M4 5h16v11H10l-5 4v-4H4z',
    workflows: 'M4 4h6v5H4zM14 15h6v5h-6zM7 9v5a3 3 0 0 0 3 3h4',
    jobs: 'M5 6h14M5 12h14M5 18h8M17 16l4 2.5-4 2.5z',
    storage: 'M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3z'
        + 'M4 6v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3'
        + 's8-1.3 8-3',
    usage: 'M4 20V10M10 20V4M16 20v-7M22 20H2',
    plus: 'M12 5v14M5 12h14',
    minus: 'M5 12h14',
    fit: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
    send: 'M12 20V5M6 11l6-6 6 6',
    stop: 'M7 7h10v10H7z',
    play: 'M8 5l11 7-11 7z',
    refresh: 'M20 11a8 8 0 1 0-2 6M20 4v7h-7',
    copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
    trash: 'M4 7h16M10 7V4h4v3M6 7l1 13h10l1-13M10 11v5M14 11v5',
    upload: 'M12 16V4M7 9l5-5 5 5M4 16v4h16v-4',
    download: 'M12 4v12M7 11l5 5 5-5M4 16v4h16v-4',
    folder: 'M3 6h6l2 2h10v11H3z',
    file: 'M6 3h8l4 4v14H6zM14 3v4h4',
    image: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01',
    audio: 'M9 18a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM9 18V5l11-2'
        + 'v13M20 16a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z',
    video: 'M3 6h13v12H3zM16 10l5-3v10l-5-3z',
    auto: 'M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18',
    light: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v3M12 19v3M2 12h3M19 12h3'
        + 'M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2',
    dark: 'M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5z',
    key: 'M14 14a5 5 0 1 0-4-4l-7 7v4h4v-3h3v-3h1zM17 8h.01',
    out: 'M10 4H4v16h6M15 8l4 4-4 4M19 12H9',
    help: 'M9 9a3 3 0 1 1 4 2.8c-.7.3-1 .9-1 1.7v.5M12 17h.01',
    check: 'M5 12.5l4.5 4.5L19 7',
    close: 'M6 6l12 12M18 6L6 18',
    alert: 'M12 4L2.5 20h19zM12 10v4M12 17h.01',
    back: 'M15 5l-7 7 7 7',
    next: 'M9 5l7 7-7 7',
    menu: 'M4 7h16M4 12h16M4 17h16',
    link: 'M10 14l8-8M13 5h6v6M17 14v5H5V7h5',
};

/** @typedef {keyof typeof PATHS} IconName */

/**
 * @param {IconName} name
 * @returns {SVGElement}
 */
export function icon(name) {
    return s('svg.icon', { viewBox: '0 0 24 24', 'aria-hidden': 'true' },
        s('path', { d: PATHS[name] }));
}
