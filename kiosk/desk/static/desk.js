// What the desk's pages do by themselves: fetch themselves anew when something changed, ring, lock
// after a while without a touch, show the questions that are asked. Everything else is the server's.
"use strict";
(function () {
  var body = document.body;
  var csrf = body.dataset.csrf;
  var here = body.dataset.here || location.href;  // a page that answered a form has its own address

  // -- live: swap the parts marked data-live, leave what somebody is typing in alone
  var fetching = false, again = false, lastFetch = 0;

  function refresh() {
    if (fetching) { again = true; return; }
    fetching = true;
    var wait = Math.max(0, lastFetch + 400 - Date.now());
    setTimeout(function () {
      lastFetch = Date.now();
      fetch(here, { headers: { "X-Live": "1" }, credentials: "same-origin", cache: "no-store", redirect: "manual" })
        .then(function (answer) {
          if (answer.status === 401 || answer.type === "opaqueredirect") { location.href = "/masuk?kunci=1"; return null; }
          return answer.ok ? answer.text() : null;
        })
        .then(function (text) { if (text !== null) swap(text); connected(true); })
        .catch(function () { connected(false); })
        .then(function () { fetching = false; if (again) { again = false; refresh(); } });
    }, wait);
  }

  // A button that is swapped between press and release would swallow the click.
  var pressed = 0;
  document.addEventListener("pointerdown", function () { pressed = Date.now(); }, { passive: true });
  ["pointerup", "pointercancel"].forEach(function (kind) {
    document.addEventListener(kind, function () { pressed = 0; }, { passive: true });
  });

  function swap(text) {
    if (Date.now() - pressed < 5000) { setTimeout(refresh, 300); return; }
    var fresh = new DOMParser().parseFromString(text, "text/html");
    var parts = document.querySelectorAll("[data-live]");
    for (var i = 0; i < parts.length; i++) {
      var old = parts[i], made = fresh.getElementById(old.id);
      if (!made || old.outerHTML === made.outerHTML) continue;
      var active = document.activeElement;
      if (old.contains(active) && /^(SELECT|INPUT|TEXTAREA)$/.test(active.tagName)) continue;
      var place = old.contains(active) ? focusables(old).indexOf(active) : -1;
      made = document.importNode(made, true);
      old.replaceWith(made);
      if (place >= 0) { var at = focusables(made)[place]; if (at) at.focus(); }
      changed(old, made);
    }
  }

  function focusables(part) { return Array.prototype.slice.call(part.querySelectorAll("a,button")); }

  function changed(old, made) {
    if (old.id === "bel") heard(old.dataset, made.dataset);
    if (old.id === "panggil" && +made.dataset.sequence > +old.dataset.sequence) chime();
    if (old.id === "keadaan" && made.dataset.version !== old.dataset.version) {
      document.getElementById("berubah").hidden = false;
    }
  }

  if (document.querySelector("[data-live]") && window.EventSource) {
    var events = new EventSource("/live");
    events.addEventListener("change", refresh);
    events.onopen = function () { connected(true); };
    events.onerror = function () { connected(false); };
    setInterval(refresh, 60000);  // waiting times grow without anybody's commit
  }

  function connected(yes) {
    var strip = document.getElementById("terputus");
    if (strip) strip.hidden = yes;
  }

  // -- sound: browsers allow it after the first click or key
  var context = null;

  function tone(at, hertz, length) {
    var voice = context.createOscillator(), loud = context.createGain();
    voice.frequency.value = hertz;
    loud.gain.setValueAtTime(0.0001, at);
    loud.gain.exponentialRampToValueAtTime(0.3, at + 0.02);
    loud.gain.exponentialRampToValueAtTime(0.0001, at + length);
    voice.connect(loud);
    loud.connect(context.destination);
    voice.start(at);
    voice.stop(at + length);
  }

  function play(tones) {
    if (!ready()) return;
    var now = context.currentTime;
    tones.forEach(function (one) { tone(now + one[0], one[1], one[2]); });
    body.dataset.rang = String(+(body.dataset.rang || 0) + 1);
  }

  function chime() { play([[0, 659, 0.6], [0.35, 523, 0.9]]); }
  function arrived() { play([[0, 784, 0.25]]); }
  function ring() { play([[0, 880, 0.2], [0.25, 880, 0.2], [0.5, 1047, 0.4]]); }

  function heard(old, made) {
    if (+made.newest > +old.newest) arrived();
    var before = old.calls ? old.calls.split(" ") : [];
    if (made.calls && made.calls.split(" ").some(function (one) { return before.indexOf(one) < 0; })) ring();
    title(made);
  }

  function title(bell) {
    var count = bell.calls ? bell.calls.split(" ").length : 0;
    document.title = (count ? "(" + count + " panggilan) " : "") + document.title.replace(/^\(\d+ panggilan\) /, "");
  }

  function ready() {
    var Context = window.AudioContext || window.webkitAudioContext;
    if (!Context) return false;
    context = context || new Context();
    if (context.state === "suspended") context.resume();
    var muted = context.state !== "running";
    var strip = document.getElementById("bisu");
    if (strip) strip.hidden = !muted;
    return !muted;
  }

  var bell = document.getElementById("bel");
  if (bell || document.getElementById("panggil")) {
    ready();
    if (context) context.onstatechange = ready;
    if (bell) {
      title(bell.dataset);
      setInterval(function () {  // a call nobody took is not forgotten
        if (document.getElementById("bel").dataset.calls) ring();
      }, 8000);
    }
    var on = document.getElementById("nyalakan");
    if (on) on.addEventListener("click", ready);
    document.addEventListener("pointerdown", ready, { once: true });
    document.addEventListener("keydown", ready, { once: true });
  }

  // -- lock: the server locks by itself; this takes what it showed off the screen
  var idleS = +body.dataset.idleS;
  if (idleS) {
    var touched = Date.now(), told = Date.now();
    ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"].forEach(function (kind) {
      document.addEventListener(kind, function () { touched = Date.now(); }, { passive: true });
    });
    var warnMs = Math.min(60000, idleS * 300), soon = document.getElementById("hampir");
    setInterval(function () {
      var now = Date.now();
      soon.hidden = now - touched < idleS * 1000 - warnMs;  // asked first: any touch is an answer
      if (now - touched > idleS * 1000) {
        var button = document.getElementById("kunci");
        if (button) { button.form.submit(); } else { location.href = "/masuk?kunci=1"; }
      } else if (touched > told && now - told > Math.min(30000, idleS * 250)) {
        told = now;
        fetch("/aktif", { method: "POST", credentials: "same-origin", redirect: "manual",
          headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: "csrf=" + encodeURIComponent(csrf) })
          .then(function (answer) { if (answer.type === "opaqueredirect") location.href = "/masuk?kunci=1"; })
          .catch(function () {});
      }
    }, 1000);
  }
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) location.reload();  // "Back" after a lock shows nothing old
  });

  // -- forms: questions that depend on an answer; a list that can be narrowed
  function ask() {
    document.querySelectorAll("[data-only-if]").forEach(function (part) {
      var name = part.dataset.onlyIf, values = part.dataset.values.split("|");
      var chosen = document.querySelector('[name="' + name + '"]:checked, select[name="' + name + '"]');
      var host = chosen && chosen.closest("[data-only-if]");
      part.hidden = !(chosen && values.indexOf(chosen.value) >= 0 && !(host && host.hidden));
    });
  }
  document.addEventListener("change", ask);
  ask();

  var filter = document.getElementById("saring");
  if (filter) {
    filter.addEventListener("input", function () {
      var wanted = filter.value.toLowerCase().trim();
      document.querySelectorAll("[data-words]").forEach(function (one) {
        one.hidden = one.dataset.words.indexOf(wanted) < 0;
      });
      document.querySelectorAll(".group").forEach(function (one) {
        one.hidden = !one.querySelector("[data-words]:not([hidden])");
      });
    });
  }

  // A second click on a button that is already at work does nothing.
  document.addEventListener("submit", function (event) {
    if (event.target.dataset.sent) { event.preventDefault(); return; }
    event.target.dataset.sent = "1";
  });
})();
