#!/usr/bin/env python3
"""Loads reports in a headless Chromium, on a wide and a narrow screen: no error on the console, no request, links and
references that all lead somewhere, ids that are there once, texts of drawings that neither touch nor leave the drawing,
nothing wider than the screen. Where there is no Chromium this is skipped. Needs Python's standard library alone.

    report_page_test.py GLIFR_TRAIN GLIFR_ANALYZE
"""
import html
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# Every request, wherever to, violates this; the page tells which.
POLICY = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; " \
         "script-src 'unsafe-inline'\">"
WATCH = """<script>
const findings = [];
addEventListener('securitypolicyviolation', e => findings.push('request: ' + e.blockedURI));
addEventListener('error', e => findings.push('error: ' + (e.message || e.target.src || e.target.tagName)), true);
</script>"""
CHECK = """<script>
// The corners of a text on the screen, turned with it, without the room above and below its letters.
function corners(text) {
  const box = text.getBBox(), matrix = text.getScreenCTM(), trim = 0.22 * box.height;
  return [[box.x, box.y + trim], [box.x + box.width, box.y + trim], [box.x + box.width, box.y + box.height - trim],
          [box.x, box.y + box.height - trim]].map(([x, y]) => new DOMPoint(x, y).matrixTransform(matrix));
}
// Whether two quadrilaterals overlap by more than a pixel: no line along a side of one parts them.
function overlap(a, b) {
  for (const shape of [a, b]) {
    for (let i = 0; i < 2; ++i) {
      const dx = shape[i + 1].x - shape[i].x, dy = shape[i + 1].y - shape[i].y, length = Math.hypot(dx, dy);
      const span = quad => quad.map(p => (p.x * dx + p.y * dy) / length);
      const first = span(a), second = span(b);
      if (Math.min(Math.max(...first), Math.max(...second)) - Math.max(Math.min(...first), Math.min(...second)) < 1)
        return false;
    }
  }
  return true;
}
function check() {
  for (const request of performance.getEntriesByType('resource')) findings.push('request: ' + request.name);
  const ids = new Set();
  for (const element of document.querySelectorAll('[id]')) {
    if (ids.has(element.id)) findings.push('id twice: ' + element.id);
    ids.add(element.id);
  }
  for (const element of document.querySelectorAll('*')) {
    for (const {name, value} of element.attributes) {
      const targets = /^(xlink:)?href$/.test(name) ? [value] : [...value.matchAll(/url\\(([^)]*)\\)/g)].map(m => m[1]);
      for (const target of targets) {
        if (!target.startsWith('#') || !ids.has(target.slice(1))) findings.push('dead link: ' + target);
      }
    }
  }
  if (document.documentElement.scrollWidth > innerWidth)
    findings.push('wider than the screen: ' + document.documentElement.scrollWidth + ' > ' + innerWidth);
  const drawings = [...document.querySelectorAll('svg')];
  let texts_seen = 0;
  for (const drawing of drawings) {
    const name = drawing.getAttribute('aria-label') || 'a drawing', frame = drawing.getBoundingClientRect();
    const texts = [...drawing.querySelectorAll('text')].filter(text => text.textContent.trim() !== '');
    const boxes = texts.map(corners);
    texts_seen += texts.length;
    boxes.forEach((box, i) => {
      if (box.some(p => p.x < frame.left - 1 || p.x > frame.right + 1 || p.y < frame.top - 1 || p.y > frame.bottom + 1))
        findings.push('outside: "' + texts[i].textContent + '" of ' + name);
      for (let j = 0; j < i; ++j) {
        if (overlap(box, boxes[j]))
          findings.push('overlap: "' + texts[j].textContent + '" and "' + texts[i].textContent + '" of ' + name);
      }
    });
  }
  parent.postMessage(JSON.stringify({findings, width: innerWidth, drawings: drawings.length, texts: texts_seen}), '*');
}
addEventListener('load', () => setTimeout(check, 200));
</script>"""
# Chromium's own window cannot be as narrow as a telephone: the page stands in a frame.
FRAME = """<!DOCTYPE html><iframe style="width:%dpx;height:900px;border:0" src="page.html"></iframe>
<pre id="result"></pre><script>
addEventListener('message', e => document.getElementById('result').textContent = e.data);
</script>"""


def find_chromium():
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if shutil.which(name):
            return shutil.which(name)
    return None


def look_at(chromium, page, width, folder):
    """What is wrong with a page on a screen of that many pixels, and what was seen of it."""
    watched = page.replace("<head>", "<head>" + POLICY + WATCH, 1).replace("</body>", CHECK + "</body>", 1)
    (folder / "page.html").write_text(watched, encoding="utf-8")
    (folder / "frame.html").write_text(FRAME % width, encoding="utf-8")
    run = subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--hide-scrollbars",
         f"--user-data-dir={folder}/profile", f"--window-size={max(width, 500) + 20},1000",
         "--virtual-time-budget=30000", "--dump-dom", (folder / "frame.html").as_uri()],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300, check=False)
    dom = run.stdout.decode("utf-8", "replace")
    found = re.search(r'<pre id="result">(.+?)</pre>', dom, re.S)
    if not found:
        sys.exit(f"Chromium gave no result: {run.stderr.decode('utf-8', 'replace')[-2000:]}")
    result = json.loads(html.unescape(found.group(1)))
    result["findings"] += ["console: " + line for line in run.stderr.decode("utf-8", "replace").splitlines()
                           if ":CONSOLE" in line]
    return result


def check_the_check(chromium, folder):
    """A page with one defect of each kind, each of which must be found."""
    page = """<!DOCTYPE html><html><head></head><body><a href="#nowhere">x</a><p id="a"></p><p id="a"></p>
<div style="width:3000px">wide</div><img src="http://127.0.0.1:9/x.png"><script>console.error('said')</script>
<svg width="100" height="50"><text x="10" y="20">abc</text><text x="15" y="24">def</text><text x="90" y="45">beyond</text>
<text transform="translate(20,40) rotate(-45)">up</text></svg></body></html>"""
    findings = look_at(chromium, page, 390, folder)["findings"]
    for kind in ("dead link: #nowhere", "id twice: a", "wider than the screen", "request: http://127.0.0.1:9", "console: ",
                 'overlap: "abc" and "def"', 'outside: "beyond"'):
        if not any(finding.startswith(kind) for finding in findings):
            sys.exit(f"the check does not find '{kind}': {findings}")


def main():
    train, analyze = sys.argv[1:3]
    chromium = find_chromium()
    if not chromium or not shutil.which("gnuplot"):
        print("[skipped] no Chromium or no gnuplot is installed")
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix="glifr-report-") as name:
        folder = pathlib.Path(name)
        check_the_check(chromium, folder)
        results = folder / "results"
        subprocess.run([train, "--task", "sine", "--model", "all", "--ntrials", "2", "--set", "hidden_size=16", "--epochs",
                        "30", "--no-figures", "--out", results], stdout=subprocess.DEVNULL, check=True)
        subprocess.run([train, "--task", "realizable", "--model", "glifr_lheta", "--epochs", "30", "--no-figures", "--out",
                        results], stdout=subprocess.DEVNULL, check=True)
        (results / "sine" / "rnn").rename(results / "sine" / "<b>&a_model with a very long name that goes on & on")
        failed = False
        for name, width_mm in (("report", None), ("report", 85), ("report", 170), ("paper", None)):
            out = folder / f"{name}-{width_mm}"
            command = [analyze, name, results, "--out", out]
            command += ["--ablation-samples", "6"] if name == "report" else []
            subprocess.run(command + (["--width", str(width_mm)] if width_mm else []), stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=True)
            page = (out / f"{name}.html").read_text(encoding="utf-8")
            for width in (1280, 390):
                result = look_at(chromium, page, width, folder)
                print(f"{name}, width of figures {width_mm or 'by default'}, screen {width}: {result['drawings']} drawings, "
                      f"{result['texts']} texts, {len(result['findings'])} findings")
                for finding in result["findings"]:
                    print("   " + finding)
                failed |= bool(result["findings"]) or result["width"] != width or result["drawings"] < 5 \
                    or result["texts"] < 200
        if failed:
            sys.exit(1)


main()
