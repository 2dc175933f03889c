// Sets the theme before the first paint; a classic script in the head for
// that reason. "auto" follows the system.

(function () {
    'use strict';
    var theme = null;
    try {
        theme = localStorage.getItem('nodetool.theme');
    } catch (e) {
        // storage is blocked: the system's theme
    }
    if (theme === 'light' || theme === 'dark') {
        document.documentElement.dataset.theme = theme;
    }
}());
