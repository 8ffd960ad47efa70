// The page of a session. noVNC speaks with the screen; this is what stands around it.

import RFB from "./novnc/core/rfb.js";
import KeyTable from "./novnc/core/input/keysym.js";
import keysyms from "./novnc/core/input/keysymdef.js";

const CLOSE_CODE = 4000;
const RETRIES_MS = [1000, 2000, 4000];

const element = (id) => document.getElementById(id);
const screen = element("screen");
const waiting = element("waiting");
const notice = element("notice");

let rfb = null;
let retries = 0;
let retrying = 0; // the timer of the next try

// Connecting

function connect() {
    window.clearTimeout(retrying);
    const url = new URL(screen.dataset.url, window.location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    let word = "lost";
    socket.addEventListener("close", (event) => {
        if (event.code === CLOSE_CODE) {
            word = event.reason;
        }
    });
    notice.hidden = true;
    waiting.hidden = false;
    rfb = new RFB(screen, socket, { shared: true });
    rfb.scaleViewport = true;
    rfb.resizeSession = true;
    rfb.addEventListener("connect", () => {
        retries = 0;
        waiting.hidden = true;
        screen.dataset.state = "connected";
        rfb.focus({ preventScroll: true });
    });
    rfb.addEventListener("disconnect", () => ended(word));
    rfb.addEventListener("clipboard", (event) => received(event.detail.text));
}

function ended(word) {
    rfb = null;
    screen.dataset.state = word;
    if (word === "lost" && retries < RETRIES_MS.length) {
        waiting.hidden = false;
        retrying = window.setTimeout(connect, RETRIES_MS[retries]);
        retries += 1;
        return;
    }
    const sentence = document.querySelector(`template[data-word="${CSS.escape(word)}"]`)
        ?? document.querySelector('template[data-word="lost"]');
    waiting.hidden = true;
    notice.hidden = false;
    element("notice-text").textContent = sentence.content.textContent;
    const code = word === "code";
    element("code").hidden = !code;
    element("again").hidden = code || word === "signed-out";
    (code ? element("code").querySelector("button") : notice.querySelector("#ways > :not([hidden])")).focus();
}

element("again").addEventListener("click", () => {
    retries = 0;
    connect();
});

// A laptop that wakes up is online again before its user has found the button.
window.addEventListener("online", () => {
    if (rfb === null && screen.dataset.state === "lost") {
        retries = 0;
        connect();
    }
});

// Clipboard

const panel = element("clipboard-panel");
const clip = element("clipboard-text");

async function received(text) {
    clip.value = text;
    try {
        await navigator.clipboard.writeText(text);
    } catch {
        // The browser does not permit it: the text is in the panel.
    }
}

async function offer() {
    try {
        const permission = await navigator.permissions.query({ name: "clipboard-read" });
        if (permission.state !== "granted") {
            return;
        }
        const text = await navigator.clipboard.readText();
        if (text && text !== clip.value) {
            clip.value = text;
            rfb?.clipboardPasteFrom(text);
        }
    } catch {
        // This browser has no such permission: there is the panel.
    }
}

window.addEventListener("focus", offer);

element("clipboard").addEventListener("click", (event) => {
    panel.hidden = !panel.hidden;
    event.currentTarget.setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden) {
        clip.focus();
    }
});

element("clipboard-send").addEventListener("click", () => {
    rfb?.clipboardPasteFrom(clip.value);
    rfb?.focus({ preventScroll: true });
});

// Full screen

const fullscreen = element("fullscreen");
fullscreen.hidden = !document.fullscreenEnabled;
fullscreen.addEventListener("click", () => {
    if (document.fullscreenElement) {
        document.exitFullscreen();
    } else {
        document.documentElement.requestFullscreen();
    }
});
document.addEventListener("fullscreenchange", () => {
    fullscreen.setAttribute("aria-pressed", String(document.fullscreenElement !== null));
});

// The keyboard of a phone: it opens for a field of text only, and tells what the text has become rather than keys.

const typing = element("typing");
const FILLING = "\u00a0".repeat(64); // so that there is something for its Backspace to take away
const NAMED = {
    Enter: KeyTable.XK_Return,
    Tab: KeyTable.XK_Tab,
    Escape: KeyTable.XK_Escape,
    Delete: KeyTable.XK_Delete,
    Home: KeyTable.XK_Home,
    End: KeyTable.XK_End,
    PageUp: KeyTable.XK_Page_Up,
    PageDown: KeyTable.XK_Page_Down,
    ArrowLeft: KeyTable.XK_Left,
    ArrowUp: KeyTable.XK_Up,
    ArrowRight: KeyTable.XK_Right,
    ArrowDown: KeyTable.XK_Down,
};
let before = FILLING;

function refill() {
    typing.value = FILLING;
    before = FILLING;
    typing.setSelectionRange(FILLING.length, FILLING.length);
}

function typed() {
    const now = Array.from(typing.value);
    const then = Array.from(before);
    let same = 0;
    while (same < now.length && same < then.length && now[same] === then[same]) {
        same += 1;
    }
    for (let gone = then.length; gone > same; gone -= 1) {
        rfb?.sendKey(KeyTable.XK_BackSpace, "Backspace");
    }
    for (const letter of now.slice(same)) {
        rfb?.sendKey(letter === "\n" ? KeyTable.XK_Return : keysyms.lookup(letter.codePointAt(0)), null);
    }
    before = typing.value;
}

typing.addEventListener("input", (event) => {
    typed();
    if (!event.isComposing && (typing.value.length < 16 || typing.value.length > 512)) {
        refill();
    }
});
typing.addEventListener("keydown", (event) => {
    const key = event.isComposing ? undefined : NAMED[event.key];
    if (key !== undefined) {
        event.preventDefault();
        rfb?.sendKey(key, event.code || null);
        refill();
    }
});

const keyboard = element("keyboard");
function showKeyboard(shown) {
    keyboard.setAttribute("aria-pressed", String(shown));
    if (rfb) {
        rfb.focusOnClick = !shown;
    }
    if (shown) {
        refill();
        typing.focus({ preventScroll: true });
    }
}
keyboard.addEventListener("pointerdown", (event) => event.preventDefault()); // or the field loses the focus to the button
keyboard.addEventListener("click", () => showKeyboard(keyboard.getAttribute("aria-pressed") !== "true"));
typing.addEventListener("blur", () => showKeyboard(false));

// From the screen, which takes every key, to the buttons. Before noVNC hears of the last of the three.
document.addEventListener("keydown", (event) => {
    const last = ["Control", "Alt", "Shift"].includes(event.key);
    if (last && event.ctrlKey && event.altKey && event.shiftKey && screen.contains(document.activeElement)) {
        event.preventDefault();
        event.stopPropagation();
        document.querySelector("#bar a").focus();
    }
}, { capture: true });

connect();
