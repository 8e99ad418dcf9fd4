// The one map of cells, for `csa.geo.cell_time`: a canvas whose every pixel knows its cell, so that
// another span of months is one look-up a pixel; a brush over the months, a legend that filters,
// labels that make room for each other, and a sentence where a map cannot draw. It runs after
// Leaflet. Python sends one message a change; geometry is part of it, or a file that comes once.
(function () {
  "use strict";

  const here = document.currentScript.src;
  const files = new Map(); // address -> promise of what it holds
  let painted = 0; // the newest message: an older one that arrives late draws nothing
  const NARROW_PX = 600;
  const EDGE_PX = 12;
  const kept = {};

  function read(address) {
    if (typeof address !== "string") return Promise.resolve(unpack(address));
    if (!files.has(address)) {
      const content = fetch(address).then((answer) => {
        if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
        return answer.json();
      }).then(unpack);
      content.catch(() => files.delete(address));
      files.set(address, content);
    }
    return files.get(address);
  }

  // Corners as `csa.geo.cell_time.pack_cells` wrote them: each from the one before it.
  function unpack(geometry) {
    if (!geometry || !geometry.cells || geometry.isWhole) return geometry;
    let known = 0;
    const cells = geometry.cells.map((ring) => ring.map((back) => (back ? known - back : known++)));
    return Object.assign(geometry, { x: sums(geometry.x), y: sums(geometry.y), cells, isWhole: true });
  }

  function tell(words) {
    let note = document.getElementById("csa-map-note");
    if (!note) {
      note = document.createElement("p");
      note.id = "csa-map-note";
      note.setAttribute("role", "alert");
      note.style.cssText =
        "position:absolute;z-index:1000;left:50%;top:40%;transform:translate(-50%,-50%);" +
        "max-width:28em;margin:0;padding:1em 1.25em;border-radius:8px;background:#fff;" +
        "color:#1f2430;font:16px/1.45 'Source Sans',system-ui,sans-serif;" +
        "box-shadow:0 1px 6px rgba(0,0,0,.3)";
      document.body.appendChild(note);
    }
    note.textContent = words;
    if (!window.map) {
      // The component gives its frame a height only once a map is drawn.
      const ask = { isStreamlitMessage: true, type: "streamlit:setFrameHeight", height: 240 };
      window.parent.postMessage(ask, "*");
    }
  }

  // ---- The background: once for each map ---------------------------------------------------

  function pane(map, name, order) {
    const made = map.createPane(name);
    made.style.zIndex = order;
    made.setAttribute("aria-hidden", "true"); // shapes without names; the list beside the map says it
    return made;
  }

  function start(map, options) {
    kept.options = options;
    kept.map = map;
    map.getContainer().style.background = options.colors.land;
    document.body.classList.toggle("csa-dark", options.dark);
    document.documentElement.lang ||= options.language;
    document.title ||= options.words.label;
    map.attributionControl.setPrefix(options.words.north);
    [options.source, options.mark].filter(Boolean).forEach((words) => map.attributionControl.addAttribution(new Option(words).innerHTML));
    map.getContainer().setAttribute("role", "application");
    map.getContainer().setAttribute("aria-label", options.words.label);
    if (window.frameElement) window.frameElement.title = options.words.label; // else the component's inner name
    // Folium forbids pinch zoom of the page, which some readers need.
    document.querySelectorAll("meta[name=viewport]").forEach((tag) => tag.remove());
    const orders = { back: 210, cells: 320, zones: 321, hairlines: 380, casing: 400, outline: 410, inner: 412, leaders: 415, services: 425, spots: 430 };
    for (const [name, order] of Object.entries(orders)) pane(map, name, order);
    pane(map, "place-names", 420).style.pointerEvents = "none";
    for (const name of ["back", "hairlines", "casing", "inner", "leaders"]) {
      map.getPane(name).style.pointerEvents = "none";
    }
    kept.canvas = {};
    for (const name of ["back", "zones", "hairlines"]) {
      kept.canvas[name] = L.canvas({ pane: name, padding: 0.4, tolerance: 4 });
    }
    L.control.scale({ imperial: options.imperial, metric: !options.imperial }).addTo(map);
    kept.bounds = options.bounds;
    kept.view = null;
    kept.on = { incidents: true, background: true, neighborhoods: true };
    kept.overlays = [];
    kept.leaders = L.layerGroup().addTo(map);
    fit(map);
    // One finger scrolls the page, above a map too: two move and zoom it.
    if (window.matchMedia("(pointer: coarse)").matches) map.dragging.disable();
    map.on("moveend zoomend resize", () => soon(map));
    map.on("resize", () => fitFoot(map));
    const showZoom = () => {
      showBase();
      drawLines(map);
      map.getContainer().classList.toggle("csa-far", map.getZoom() < 12);
    };
    map.on("zoomend", showZoom);
    showZoom();
    watchCells(map);
    addHome(map, options);
    watchSize(map);
    keepNotesInside(map);
    read(options.base).then(
      (base) => drawBase(map, base, options),
      () => tell(options.words.no_geometry),
    );
  }

  // Steps of a whole zoom may leave half of the frame empty, or cut what is to be seen.
  function fit(map, options) {
    const { x, y } = map.getSize();
    kept.unfit = Math.min(x, y) > 2 * EDGE_PX ? null : { ...options };
    if (kept.unfit) return;
    const step = map.options.zoomSnap;
    map.options.zoomSnap = 0.1;
    map.fitBounds(kept.bounds, { padding: [EDGE_PX, EDGE_PX], animate: false, ...options });
    map.options.zoomSnap = step;
    return map;
  }

  // After a closer look, back to the whole city by one key.
  function addHome(map, options) {
    const home = L.control({ position: "topleft" });
    home.onAdd = () => {
      const box = L.DomUtil.create("div", "leaflet-bar leaflet-control");
      const look = { href: "#", title: options.words.home, role: "button", ariaLabel: options.words.home, textContent: "\u2302" };
      const button = part(box, "a", "csa-home", look);
      L.DomEvent.disableClickPropagation(box);
      L.DomEvent.on(button, "click", (event) => {
        L.DomEvent.preventDefault(event);
        kept.bounds = options.bounds;
        fit(map);
      });
      return box;
    };
    home.addTo(map);
  }

  // A frame that is hidden (another tab, a folded panel) has no size: what it shows waits for one.
  function watchSize(map) {
    new ResizeObserver(() => {
      map.invalidateSize({ animate: false });
      if (kept.unfit) fit(map, kept.unfit);
    }).observe(map.getContainer());
  }

  // A note beside the pointer is moved back into the frame where it would be cut off.
  function keepNotesInside(map) {
    let open = null;
    const settle = () => {
      const note = open && open.getElement();
      if (!note) return;
      note.style.translate = "";
      const [frame, box] = [map.getContainer(), note].map((one) => one.getBoundingClientRect());
      const back = (low, high, from, to) => Math.max(from - low, Math.min(0, to - high));
      const x = back(box.left, box.right, frame.left + 4, frame.right - 4);
      const y = back(box.top, box.bottom, frame.top + 4, frame.bottom - 4);
      if (x || y) note.style.translate = `${x}px ${y}px`;
    };
    map.on("tooltipopen", (event) => {
      open = event.tooltip;
      settle();
    });
    map.on("tooltipclose", () => { open = null; });
    map.on("mousemove zoomend moveend", settle);
  }

  // On a phone a note would cover the map: what else it says stands below the map.
  function briefly(map, lines) {
    return map.getSize().x < NARROW_PX ? lines.slice(0, 1) : lines;
  }

  function drawBase(map, base, options) {
    const colors = options.colors;
    const fill = (color) => ({ stroke: false, fill: true, fillColor: color, fillOpacity: 1 });
    const line = (color, weight) => ({ color: color, weight, opacity: 1, fill: false });
    const styles = {
      parks: fill(colors.park),
      water: { ...fill(colors.water), stroke: true, color: colors.water, weight: 1 },
      streets: line(colors.street, 0.8),
      main_streets: line(colors.main_street, 1.8),
      neighborhoods: line(colors.hairline, 1),
    };
    kept.base = {};
    for (const name of new Set([...Object.keys(styles), ...Object.keys(base.layers)])) {
      if (!base.layers[name]) continue;
      const where = name === "neighborhoods" ? "hairlines" : "back";
      const style = styles[name] || line(colors.hairline, 1.2); // an extra's own layer
      kept.base[name] = L.geoJSON(base.layers[name], {
        pane: where,
        renderer: kept.canvas[where],
        interactive: false,
        pointToLayer: (_, at) => L.circleMarker(at, { pane: where, renderer: kept.canvas[where], radius: 2 }),
        style: ({ geometry }) =>
          name === "water" && geometry.type.endsWith("LineString") ? line(colors.water, 2) : style,
      });
    }
    kept.names = (base.names || []).map(([lat, lon, text]) => ({ at: L.latLng(lat, lon), text }));
    kept.streets = ["main_streets", "streets"].flatMap((name) =>
      (kept.base[name]?.getLayers() || []).filter(({ feature }) => feature.properties.name));
    // Of the city's own named layers alone: no address of an incident.
    kept.places = new Map(kept.streets.map((layer) => [layer.feature.properties.name, layer]));
    for (const { at, text } of kept.names) kept.places.set(text, L.rectangle(at.toBounds(1500)));
    if (time.scales && kept.foot.dataset.key) {
      kept.foot.dataset.key = "";
      buildFoot();
      redraw();
    }
    showBase();
  }

  function showBase() {
    const map = kept.map;
    if (!kept.base) return;
    for (const [name, layer] of Object.entries(kept.base)) {
      const isOn = kept.on[name === "neighborhoods" ? "neighborhoods" : "background"];
      const isNear = name !== "streets" || map.getZoom() >= 13;
      if (isOn && isNear) layer.addTo(map);
      else layer.remove();
    }
    map.getPane("cells").style.display = kept.on.incidents ? "" : "none";
    soon(map);
  }

  // Names where there is room, once those of the areas have theirs: of neighborhoods, those with
  // most incidents first, then, close up, of streets along them.
  const PLACES_FROM = 12.5;
  const STREETS_FROM = 15;
  const PLACE_PX = { letter: 7, height: 16 };
  const AROUND_PX = 60;
  function showPlaces(map, taken) {
    const zoom = map.getZoom();
    const pane = map.getPane("place-names");
    pane.replaceChildren();
    const size = map.getSize();
    const near = kept.on.neighborhoods && zoom >= PLACES_FROM ? kept.names || [] : [];
    const dark = inBuckets(near.length ? darkCells(map) : []);
    const names = near.map(({ at, text }) => {
      const { x, y } = map.latLngToContainerPoint(at);
      const around = { left: x, right: x, top: y, bottom: y };
      return { x, y, text, angle: 0, n: pointsIn(dark, around, AROUND_PX).length };
    }).sort((a, b) => b.n - a.n);
    const streets = kept.on.background && zoom >= STREETS_FROM ? kept.streets || [] : [];
    for (const { x, y, text, angle } of [...names, ...streets.flatMap((layer) => alongStreet(map, layer))]) {
      const half = (PLACE_PX.letter * text.length) / 2;
      const [along, across] = [Math.cos(angle), Math.sin(angle)].map(Math.abs);
      const high = PLACE_PX.height / 2;
      const [wide, tall] = [half * along + high * across, half * across + high * along];
      const box = { left: x - wide, right: x + wide, top: y - tall, bottom: y + tall };
      const isInside = box.left >= 0 && box.top >= 0 && box.right <= size.x && box.bottom <= size.y;
      if (!isInside || taken.some((other) => areOver(box, other))) continue;
      taken.push(box);
      const at = map.containerPointToLayerPoint([x, y]);
      const label = part(pane, "div", "csa-place", { textContent: text });
      label.style.transform = `translate(${at.x}px, ${at.y}px) rotate(${angle}rad) translate(-50%, -50%)`;
    }
  }

  // Where a street's name stands: in the middle of its longest side that is to be seen.
  function alongStreet(map, layer) {
    const { name } = layer.feature.properties;
    if (!layer.getBounds().intersects(map.getBounds())) return [];
    const lines = layer.getLatLngs();
    const size = map.getSize();
    let best = null;
    for (const line of L.LineUtil.isFlat(lines) ? [lines] : lines) {
      const points = line.map((corner) => map.latLngToContainerPoint(corner));
      for (let to = 1; to < points.length; to++) {
        const part = L.LineUtil.clipSegment(points[to - 1], points[to], L.bounds([0, 0], size));
        const length = part ? part[0].distanceTo(part[1]) : 0;
        if (length > (best ? best.length : PLACE_PX.letter * name.length * 0.8)) best = { length, ends: part };
      }
    }
    if (!best) return [];
    const [from, to] = best.ends.sort((one, other) => one.x - other.x);
    const angle = Math.atan2(to.y - from.y, to.x - from.x);
    return [{ x: (from.x + to.x) / 2, y: (from.y + to.y) / 2, text: name, angle }];
  }

  // ---- What changes: cells, areas, services ------------------------------------------------

  function paint(group, message) {
    const map = kept.map;
    const turn = ++painted;
    drawGround(group);
    drawAreas(group, message);
    if (kept.view !== message.view && message.areas.length) showAreas(map, message);
    drawOverlays(map, message.layers || []);
    // The group joins the map only after this script: labels have a size from then on.
    soon(map);
    const wanted = [message.time && message.time.near, message.time && message.time.far, message.zones && message.cells];
    Promise.all(wanted.map((one) => one && read(one))).then(
      ([near, far, cells]) => {
        if (turn !== painted) return;
        if (cells) drawZones(group, cells, message);
        showTime(map, message.time, near, far);
        if (message.months) showMonths(message.months);
        done(turn);
      },
      () => {
        if (turn === painted) tell(kept.options.words.no_geometry);
      },
    );
  }

  // A click beside all areas chooses none.
  function drawGround(group) {
    const ground = L.rectangle([[-85, -180], [85, 180]], { pane: "back", stroke: false, fillOpacity: 0 });
    kept.ground = ground;
    choosing("");
    group.addLayer(ground);
  }

  // What a click on the ground chooses.
  function choosing(id) {
    kept.ground.feature = { type: "Feature", properties: { area_id: id } };
  }

  // A month or a cell is told as an area is that was clicked.
  function tellPage(id) {
    choosing(id);
    kept.ground.fire("click", { latlng: kept.map.getCenter() }, true);
    choosing("");
  }

  // At first, and when others are followed, a map shows the areas, not the whole of a city that may
  // be ten times as wide, unless the page asks for all of it. Later the view is the reader's own.
  function showAreas(map, message) {
    kept.view = message.view;
    kept.fitted = { maxZoom: 14 };
    if (!message.whole) kept.bounds = message.frame || L.geoJSON(message.areas).getBounds().pad(0.12);
    fit(map, kept.fitted);
  }

  // For whoever waits: the number of the message that is on screen.
  function done(turn) {
    const note = document.getElementById("csa-map-note");
    if (note) note.remove(); // what could not be fetched before, now could
    document.body.dataset.painted = String(turn);
  }

  function shapeOf(geometry, n) {
    return geometry.cells[n].map((v) => cornerAt(geometry, v));
  }

  function cornerAt({ origin, step, x, y }, v) {
    return [origin[1] + y[v] * step, origin[0] + x[v] * step];
  }

  // ---- Cells by month: counted, colored and drawn here, whatever span the brush chooses ------

  const NEAR_ZOOM = 13; // of a whole city the larger cells are shown, of a part the small ones
  const PAD = 80; // pixels that the canvas is larger than the map, on each side
  const FEW_CELLS = 900; // of so few, each pixel is drawn as four, so that edges are smooth
  const ENDS_AT = [40, 65, 85, 95, 100]; // percentiles, as `csa.geo.palette.ENDS_AT`
  const PLAY_MS = 140;
  const STEP_MS = 600; // of months whose colors are verdicts, which one has to read
  const N_TOP = 10;
  // What is shown: `scales` by name, `span` of steps, `hidden` classes; then what is drawn of it.
  const time = { took: [], hidden: new Set() };

  function numbers(text) {
    const raw = Uint8Array.from(atob(text.slice(1)), (letter) => letter.charCodeAt(0));
    return new { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array }[text[0]](raw.buffer);
  }

  function sums(gaps) {
    let sum = 0;
    return Uint32Array.from(gaps, (gap) => (sum += gap));
  }

  function showTime(map, message, near, far) {
    const foot = footOf(map);
    foot.hidden = !message;
    time.scales = null;
    if (message) {
      const isOther = !time.message || time.message.key !== message.key;
      time.message = message;
      time.steps = numbers(message.steps);
      time.ends = sums(numbers(message.counts));
      time.areas = numbers(message.in_areas);
      const shown = sums(numbers(message.gaps));
      time.scales = { near: { geometry: near, shown, of: null, title: message.titles[0], bounds: new Map() } };
      if (far) {
        const parents = numbers(message.parents);
        const distinct = [...new Set(parents)];
        const place = new Map(distinct.map((number, at) => [number, at]));
        const of = Uint32Array.from(parents, (number) => place.get(number));
        time.scales.far = { geometry: far, shown: distinct, of, title: message.titles[1], bounds: new Map() };
      }
      if (isOther) {
        time.span = [...message.span];
        time.before = null;
        time.hidden.clear();
        forget();
      }
      buildFoot();
    }
    fitFoot(map);
    placeCells(map);
    if (kept.fitted) fit(map, kept.fitted); // the map has its room only now
    kept.fitted = null;
  }

  // How many incidents each cell of a scale has in a span of steps.
  function countIn(scale, [from, until]) {
    const counts = new Uint32Array(scale.shown.length);
    const { steps, ends } = time;
    let at = 0;
    for (let cell = 0; cell < ends.length; cell++) {
      let n = 0;
      for (; at < ends[cell]; at++) if (steps[at] >= from && steps[at] < until) n++;
      counts[scale.of ? scale.of[cell] : cell] += n;
    }
    return counts;
  }

  // Classes depend on how long the span is, not on where it lies, so that months can be compared:
  // those of as many steps up to where the page counts, as `csa.geo.palette.count_bounds`.
  function boundsOf(scale, length) {
    if (time.message.bounds) return time.message.bounds; // of published counts, which have their own
    if (!scale.bounds.has(length)) {
      const from = Math.max(0, time.message.anchor - length);
      scale.bounds.set(length, percentiles(countIn(scale, [from, from + length]).filter(Boolean).sort()));
    }
    return scale.bounds.get(length);
  }

  function percentiles(sorted) {
    if (!sorted.length) return [1];
    const found = ENDS_AT.map((end) => {
      const at = (sorted.length - 1) * (end / 100);
      const low = Math.floor(at);
      const [a, b, t] = [sorted[low], sorted[Math.min(low + 1, sorted.length - 1)], at - low];
      return Math.floor(t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t);
    });
    return [...new Set(found)];
  }

  // The corners of a geometry's cells on a map of the world that is one unit wide.
  function onPlane(geometry) {
    if (!geometry.u) {
      const [lon, lat] = geometry.origin;
      const slope = (y) => Math.log(Math.tan(Math.PI / 4 + ((lat + y * geometry.step) * Math.PI) / 360));
      geometry.u = Float64Array.from(geometry.x, (x) => (lon + x * geometry.step + 180) / 360);
      geometry.v = Float64Array.from(geometry.y, (y) => 0.5 - slope(y) / (2 * Math.PI));
    }
    return geometry;
  }

  function middleOf(cell) {
    const corners = shapeOf(time.scale.geometry, time.scale.shown[cell]);
    return L.latLng([0, 1].map((axis) => corners.reduce((sum, at) => sum + at[axis], 0) / corners.length));
  }

  function watchCells(map) {
    const pane = map.getPane("cells");
    time.canvas = document.createElement("canvas");
    time.pen = time.canvas.getContext("2d", { willReadFrequently: true });
    // Leaflet's overlay of an element: it moves and grows with the map.
    time.overlay = L.svgOverlay(time.canvas, map.getBounds(), { pane: "cells" }).addTo(map);
    map.on("moveend zoomend resize", () => placeCells(map));
    map.on("mousemove click", ({ latlng }) => point(cellAt(map, latlng)));
    map.on("click", ({ latlng }) => {
      const cell = cellAt(map, latlng);
      if (time.message?.cases && cell !== null && !time.scale.of) choose(cell);
    });
    map.on("mouseout", () => point(null));
  }

  // For this view, once: which cell each pixel belongs to, by rows of each hexagon.
  function placeCells(map) {
    time.raster = null;
    const size = map.getSize();
    time.canvas.hidden = !time.scales || !size.x;
    if (time.canvas.hidden) return;
    const scale = (map.getZoom() < NEAR_ZOOM && time.scales.far) || time.scales.near;
    const geometry = onPlane(scale.geometry);
    const corners = [[-PAD, -PAD], [size.x + PAD, size.y + PAD]].map((at) => map.containerPointToLatLng(at));
    const seen = [...scale.shown.keys()].filter((cell) => isSeen(geometry, scale.shown[cell], corners));
    const ratio = Math.min(Math.max(window.devicePixelRatio || 1, seen.length < FEW_CELLS ? 2 : 1), 2);
    const [width, height] = [(size.x + 2 * PAD) * ratio, (size.y + 2 * PAD) * ratio].map(Math.round);
    const world = 256 * 2 ** map.getZoom() * ratio;
    const { x: left, y: top } = map.project(corners[0]).multiplyBy(ratio);
    const index = new (scale.shown.length < 65535 ? Uint16Array : Uint32Array)(width * height);
    for (const cell of seen) {
      const ring = geometry.cells[scale.shown[cell]];
      const xs = ring.map((v) => geometry.u[v] * world - left);
      const ys = ring.map((v) => geometry.v[v] * world - top);
      fillRows(index, width, height, xs, ys, cell + 1);
    }
    Object.assign(time.canvas, { width, height });
    time.overlay.setBounds(L.latLngBounds(corners));
    if (time.scale !== scale) forget();
    time.scale = scale;
    time.raster = { index, width, height, world, left, top };
    time.image = time.pen.createImageData(width, height);
    time.pixels = new Uint32Array(time.image.data.buffer);
    redraw();
  }

  function isSeen({ origin, step, x, y, cells }, number, [{ lat: north, lng: west }, { lat: south, lng: east }]) {
    const ring = cells[number];
    const [a, b] = [ring[0], ring[3]]; // opposite corners
    const wide = 2 * step * Math.hypot(x[a] - x[b], y[a] - y[b]);
    const [lon, lat] = [origin[0] + x[a] * step, origin[1] + y[a] * step];
    return lon > west - wide && lon < east + wide && lat > south - wide && lat < north + wide;
  }

  // The pixels inside a convex ring, less a hairline between cells that are large enough for one.
  function fillRows(index, width, height, xs, ys, value) {
    const gap = Math.max(...xs) - Math.min(...xs) > 9 ? 0.4 : 0;
    const last = Math.min(height - 1, Math.floor(Math.max(...ys) - 0.5 - gap));
    for (let row = Math.max(0, Math.ceil(Math.min(...ys) - 0.5 + gap)); row <= last; row++) {
      const y = row + 0.5;
      let [low, high] = [Infinity, -Infinity];
      for (let to = 0, from = xs.length - 1; to < xs.length; from = to++) {
        if (ys[from] > y === ys[to] > y) continue;
        const x = xs[from] + ((y - ys[from]) / (ys[to] - ys[from])) * (xs[to] - xs[from]);
        low = Math.min(low, x);
        high = Math.max(high, x);
      }
      const [first, end] = [Math.max(0, Math.ceil(low - 0.5 + gap)), Math.min(width, Math.floor(high + 0.5 - gap))];
      if (end > first) index.fill(value, row * width + first, row * width + end);
    }
  }

  function cellAt(map, latlng) {
    if (!time.raster) return null;
    const { index, width, height, world, left, top } = time.raster;
    const at = map.project(latlng).multiplyBy(world / (256 * 2 ** map.getZoom()));
    const [x, y] = [Math.floor(at.x - left), Math.floor(at.y - top)];
    const isInside = x >= 0 && y >= 0 && x < width && y < height;
    return isInside && index[y * width + x] ? index[y * width + x] - 1 : null;
  }

  function redraw() {
    const begun = performance.now();
    if (!time.raster) return;
    const { scale, span, pixels, raster, hidden } = time;
    const length = span[1] - span[0];
    time.counts = countIn(scale, span);
    time.bounds = boundsOf(scale, length);
    const palette = time.message.palette.slice(-time.bounds.length);
    const inks = palette.map((color) => (0xff000000 | (parseInt(color.slice(5), 16) << 16)
      | (parseInt(color.slice(3, 5), 16) << 8) | parseInt(color.slice(1, 3), 16)) >>> 0);
    const colored = (counts) => {
      const table = new Uint32Array(counts.length + 1);
      const level = Int8Array.from(counts, (n) => {
        const at = n ? time.bounds.findIndex((bound) => n <= bound) : -1;
        return n && at < 0 ? time.bounds.length - 1 : at;
      });
      level.forEach((at, cell) => { if (at >= 0 && !hidden.has(at)) table[cell + 1] = inks[at]; });
      return { level, table };
    };
    const { level, table } = colored(time.counts);
    time.level = level;
    const { index, width } = raster;
    for (let at = 0; at < index.length; at++) pixels[at] = table[index[at]];
    if (time.before) { // left of the line, the months before
      time.earlier = countIn(scale, time.before);
      const { table: left } = colored(time.earlier);
      const size = kept.map.getSize().x;
      const end = Math.round(((PAD + time.split * size) * width) / (size + 2 * PAD));
      for (let from = 0; from < index.length; from += width) {
        for (let at = from; at < from + end; at++) pixels[at] = left[index[at]];
      }
      time.line.style.left = `${100 * time.split}%`;
    }
    time.pen.putImageData(time.image, 0, 0);
    time.took = [...time.took.slice(-999), performance.now() - begun];
    showFoot(palette);
  }

  function setWindow(from, until) {
    const most = time.message.names.length;
    const first = Math.min(Math.max(0, Math.round(from)), most - 1);
    time.span = [first, Math.min(Math.max(first + 1, Math.round(until)), most)];
    if (time.before) moveBefore(time.before[0]);
    drawSoon();
  }

  // Both sides of the line have as many months, so that one legend is right for both.
  function moveBefore(from) {
    const length = time.span[1] - time.span[0];
    const first = Math.min(Math.max(0, Math.round(from)), time.message.names.length - length);
    time.before = [first, first + length];
    drawSoon();
  }

  function drawSoon() {
    if (time.waiting) return;
    time.waiting = true;
    window.requestAnimationFrame(() => {
      time.waiting = false;
      redraw();
    });
  }

  // ---- Below the map, never over it: legend, what is pointed at, the months ------------------

  function part(parent, kind, name, more = {}) {
    const made = parent.appendChild(document.createElement(kind));
    made.className = name;
    return Object.assign(made, more);
  }

  function footOf(map) {
    if (!kept.foot) {
      kept.foot = part(document.body, "section", "csa-foot");
      kept.foot.id = "csa-map-foot";
      new ResizeObserver(() => fitFoot(map)).observe(kept.foot);
    }
    return kept.foot;
  }

  function fitFoot(map) {
    const height = kept.foot && !kept.foot.hidden ? kept.foot.offsetHeight : 0;
    map.getContainer().style.setProperty("--csa-foot", `${height}px`);
    map.invalidateSize({ animate: false });
  }

  function buildFoot() {
    const { message } = time;
    const { words, names } = message;
    const foot = kept.foot;
    if (foot.dataset.key === message.key) return;
    foot.dataset.key = message.key;
    foot.replaceChildren();
    const legend = part(foot, "p", "csa-legend", { id: "csa-map-legend" });
    const line = part(foot, "p", "csa-pointed");
    line.setAttribute("aria-live", "polite");
    time.parts = { legend, line, about: part(foot, "p", "csa-about") };
    time.parts.about.setAttribute("aria-live", "polite");
    if (message.note) part(foot, "p", "csa-note", { textContent: message.note });
    if (names.length < 2) return;
    const row = part(foot, "div", "csa-time");
    addPlay(row, words, PLAY_MS, () => {
      const length = time.span[1] - time.span[0];
      if (time.span[1] < names.length) moveTo(time.span[0] + 1, length);
      else if (time.playing) return false;
      else moveTo(0, length);
      return true;
    });
    const chart = part(row, "div", "csa-chart");
    const bars = part(chart, "canvas", "csa-bars");
    bars.setAttribute("aria-hidden", "true");
    const ends = [0, 1].map((end) => {
      const slider = part(chart, "input", "csa-end", { type: "range", min: 0, max: names.length, step: 1 });
      slider.setAttribute("aria-label", end ? words.until : words.from);
      slider.oninput = () => {
        stop();
        const [from, until] = time.span;
        if (end) setWindow(Math.min(from, slider.value - 1), Math.max(1, slider.value));
        else setWindow(Math.min(slider.value, names.length - 1), Math.max(until, Number(slider.value) + 1));
      };
      return slider;
    });
    const tools = part(foot, "div", "csa-tools");
    const top = part(tools, "select", "csa-top");
    top.setAttribute("aria-label", words.top);
    top.onchange = () => {
      const isArea = top.value.startsWith("area ");
      choose(top.value === "" || isArea ? null : Number(top.value));
      if (isArea) pointArea(Number(top.value.slice(5)));
    };
    if (kept.places?.size) addSearch(tools, words.search);
    const show = () => tellPage(`${message.cases.id}${time.scale.shown[time.chosen]}`);
    const cases = part(tools, "button", "csa-back csa-cases", { type: "button", textContent: message.cases?.words, onclick: show });
    const back = part(tools, "button", "csa-back", { type: "button" });
    back.textContent = words.back;
    back.title = period(message.span);
    back.onclick = () => { stop(); setWindow(...message.span); };
    const sides = addSwipe(foot, tools, words);
    listLayers(foot, words);
    part(tools, "button", "csa-back csa-swipe", { type: "button", textContent: words.image, onclick: saveImage });
    Object.assign(time.parts, { cases, chart, bars, ends, top, back, sides });
    dragSpan(chart);
  }

  // The span is moved by its middle; beside it, a press brings it there.
  function dragSpan(chart) {
    const stepAt = (event) => {
      const { left, width } = chart.getBoundingClientRect();
      return ((event.clientX - left) / width) * time.message.names.length;
    };
    chart.onpointerdown = (event) => {
      if (event.target.classList.contains("csa-end")) return;
      stop();
      chart.setPointerCapture(event.pointerId);
      const length = time.span[1] - time.span[0];
      const at = stepAt(event);
      const hold = at > time.span[0] && at < time.span[1] ? at - time.span[0] : length / 2;
      chart.onpointermove = (moved) => moveTo(stepAt(moved) - hold, length);
      chart.onpointermove(event);
    };
    chart.onpointerup = chart.onpointercancel = () => { chart.onpointermove = null; };
  }

  function moveTo(from, length) {
    const first = Math.min(Math.max(0, Math.round(from)), time.message.names.length - length);
    setWindow(first, first + length);
  }

  // A line over the map, moved by hand or by keys: left of it the months before, right the others.
  function addSwipe(foot, tools, words) {
    const button = part(tools, "button", "csa-back csa-swipe", { type: "button", textContent: words.swipe });
    const row = part(foot, "div", "csa-time csa-sides", { hidden: true });
    const slider = (label, most, act) => {
      const named = part(row, "label", "", { textContent: label });
      const made = part(named, "input", "", { type: "range", min: 0, max: most, step: 1, oninput: () => act(Number(made.value)) });
      return made;
    };
    const sides = {};
    sides.from = slider(words.before, time.message.names.length, moveBefore);
    sides.at = slider(words.line, 100, (share) => { time.split = share / 100; drawSoon(); });
    time.line?.remove();
    time.line = part(kept.map.getContainer(), "div", "csa-line");
    time.line.onpointerdown = (event) => {
      time.line.setPointerCapture(event.pointerId);
      kept.map.dragging.disable();
      const { left, width } = kept.map.getContainer().getBoundingClientRect();
      time.line.onpointermove = ({ clientX }) => {
        time.split = Math.min(Math.max((clientX - left) / width, 0), 1);
        drawSoon();
      };
    };
    time.line.onpointerup = time.line.onpointercancel = () => {
      time.line.onpointermove = null;
      if (!window.matchMedia("(pointer: coarse)").matches) kept.map.dragging.enable();
    };
    button.onclick = () => {
      time.before = time.before ? null : [0, 0];
      time.split = 0.5;
      if (time.before) moveBefore(2 * time.span[0] - time.span[1]);
      drawSoon();
    };
    sides.show = () => {
      row.hidden = time.line.hidden = !time.before;
      foot.classList.toggle("csa-both", Boolean(time.before));
      button.setAttribute("aria-pressed", String(Boolean(time.before)));
      if (!time.before) return;
      sides.from.value = time.before[0];
      sides.at.value = Math.round(100 * time.split);
      sides.from.setAttribute("aria-valuetext", period(time.before));
      sides.at.setAttribute("aria-valuetext", `${sides.at.value}%`);
    };
    sides.show();
    return sides;
  }

  // A button that plays: it shows each step to the last, and begins again with the first.
  function addPlay(row, words, ms, step) {
    time.play = { words, button: part(row, "button", "csa-play", { type: "button" }) };
    time.play.button.onclick = () => {
      if (time.playing) return stop();
      step();
      time.playing = window.setInterval(() => { if (!step()) stop(); }, ms);
      showPlay();
    };
    showPlay();
  }

  function stop() {
    window.clearInterval(time.playing);
    time.playing = 0;
    showPlay();
    time.play?.done?.();
  }

  function showPlay() {
    const { words, button } = time.play;
    const label = time.playing ? words.stop : words.play;
    Object.assign(button, { textContent: time.playing ? "\u23f8" : "\u25b6", title: label, ariaLabel: label });
  }

  function addSearch(tools, label) {
    const box = part(tools, "input", "csa-search", { type: "search", placeholder: label, autocomplete: "off" });
    box.setAttribute("aria-label", label);
    box.setAttribute("list", "csa-map-places");
    const list = part(tools, "datalist", "", { id: "csa-map-places" });
    const places = new Map(kept.places);
    for (const { spots } of kept.overlays.filter(({ name }) => name === "services")) {
      for (const [lat, lon, , name] of spots) places.set(name, L.circle([lat, lon], 50));
    }
    for (const name of [...places.keys()].sort()) part(list, "option", "", { value: name });
    box.onchange = () => {
      const place = places.get(box.value);
      kept.found?.remove();
      if (!place) return;
      const look = { pane: "leaders", interactive: false, fill: false, weight: 4, color: kept.options.colors.accent };
      kept.found = L.geoJSON(place.toGeoJSON(), { ...look, pointToLayer: (_, at) => L.circle(at, { ...look, radius: 50 }) });
      kept.found.addTo(kept.map);
      kept.map.fitBounds(kept.found.getBounds(), { maxZoom: STREETS_FROM + 1, animate: false });
    };
  }

  // The map as a picture, as it is on screen: with its legend, scale, north and source.
  async function saveImage() {
    const frame = document.body.getBoundingClientRect();
    const ratio = Math.max(window.devicePixelRatio || 1, 2);
    const { legend, line } = time.parts;
    const height = line.getBoundingClientRect().bottom + 8;
    const canvas = Object.assign(document.createElement("canvas"), { width: frame.width * ratio, height: height * ratio });
    const pen = canvas.getContext("2d");
    pen.scale(ratio, ratio);
    const paper = kept.options.colors.land;
    pen.fillStyle = paper;
    pen.fillRect(0, 0, frame.width, height);
    const panes = Object.values(kept.map.getPanes()).filter(({ parentNode }) => parentNode === kept.map.getPane("mapPane"));
    pen.save();
    pen.beginPath();
    pen.rect(0, 0, frame.width, kept.map.getSize().y);
    pen.clip();
    for (const pane of panes.sort((a, b) => getComputedStyle(a).zIndex - getComputedStyle(b).zIndex)) {
      pen.globalCompositeOperation = getComputedStyle(pane).mixBlendMode.replace("normal", "source-over");
      for (const layer of pane.querySelectorAll("canvas, svg:not(svg svg)")) {
        const { left, top, width, height: tall } = layer.getBoundingClientRect();
        if (width && pane.style.display !== "none") pen.drawImage(await pictureOf(layer), left, top, width, tall);
      }
    }
    pen.restore();
    pen.textBaseline = "middle";
    const words = ".csa-place, .csa-label b, .csa-label span, .csa-service i, .leaflet-control-scale-line, .leaflet-control-attribution";
    for (const box of [...document.querySelectorAll(words), ...legend.children, line]) drawWords(pen, box);
    const link = Object.assign(document.createElement("a"), { href: canvas.toDataURL("image/png"), download: "map.png" });
    link.click();
  }

  async function pictureOf(layer) {
    if (layer instanceof HTMLCanvasElement) return layer;
    const image = new Image();
    const copy = layer.cloneNode(true);
    copy.removeAttribute("style"); // where it stands the picture says
    image.src = `data:image/svg+xml,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
    await image.decode();
    return image;
  }

  function drawWords(pen, box) {
    const look = getComputedStyle(box);
    const { left, top, width, height } = box.getBoundingClientRect();
    if (!width || look.visibility === "hidden") return;
    const swatch = box.querySelector("i");
    pen.save();
    if (box.matches(".csa-place")) {
      pen.translate(left + width / 2, top + height / 2);
      pen.rotate(Number(/rotate\((.*?)rad/.exec(box.style.transform)[1]));
      pen.translate(-left - width / 2, -top - height / 2);
      pen.textAlign = "center";
    }
    pen.fillStyle = look.backgroundColor;
    pen.fillRect(left, top, width, height);
    pen.strokeStyle = look.borderBottomColor;
    if (box.matches(".leaflet-control-scale-line")) pen.strokeRect(left, top, width, height);
    if (swatch) {
      const { x, y, width: wide, height: tall } = swatch.getBoundingClientRect();
      pen.fillStyle = getComputedStyle(swatch).backgroundColor;
      pen.fillRect(x, y, wide, tall);
    }
    pen.font = `${look.fontWeight} ${look.fontSize} ${look.fontFamily}`;
    pen.fillStyle = look.color;
    const from = swatch ? swatch.getBoundingClientRect().right + 6 : left + parseFloat(look.paddingLeft);
    pen.fillText(box.textContent, pen.textAlign === "center" ? left + width / 2 : from, top + height / 2);
    pen.restore();
  }

  function period([from, until]) {
    const { names, words } = time.message;
    const ends = { first: names[from][0], last: names[until - 1][1] };
    return ends.first === ends.last ? ends.last : words.period.replace(/\{(\w+)\}/g, (_, end) => ends[end]);
  }

  function counted(n, words) {
    return (n === 1 ? words.one : words.other).replace("{n}", n.toLocaleString("en-US"));
  }

  function point(cell) {
    if (!time.raster || time.pointed === cell) return;
    time.pointed = cell;
    showPointed();
  }

  // What is known of the area under the pointer, or chosen in the list.
  function pointArea(number) {
    time.area = number ?? null;
    if (time.raster) showPointed();
  }

  function forget() {
    time.chosen = time.pointed = time.area = null;
    if (time.mark) time.mark.remove();
  }

  function choose(cell) {
    forget();
    time.chosen = cell;
    if (cell !== null) {
      const { geometry, shown } = time.scale;
      const look = { pane: "inner", fill: false, interactive: false, weight: 3, color: kept.options.colors.accent };
      time.mark = L.polygon(shapeOf(geometry, shown[cell]), look).addTo(kept.map);
      if (!kept.map.getBounds().contains(middleOf(cell))) kept.map.panTo(middleOf(cell));
    }
    showPointed();
  }

  function nameOf(cell) {
    const { message, areas, scale } = time;
    if (scale.of) return "";
    return areas[cell] < message.areas.length ? message.areas[areas[cell]] : "";
  }

  // One line: the cell that is pointed at or chosen, else the whole city; its months in the chart.
  function showPointed() {
    const { message, counts, span, parts, scale, pointed, chosen } = time;
    const { words } = message;
    const cell = pointed ?? chosen ?? null;
    const own = cell === null ? time.area : null;
    const count = (all, months) => {
      if (own !== null) return cellsOf(own).reduce((sum, at) => sum + stepsOf(at, months).length, 0);
      return cell === null ? message.total ?? all.reduce((sum, one) => sum + one, 0) : all[cell];
    };
    const sides = [...(time.before ? [[time.earlier, time.before]] : []), [counts, span]];
    const area = own !== null ? message.areas[own] : cell === null ? "" : nameOf(cell);
    const isOut = cell !== null && !scale.of && message.areas.length;
    const where = area ? words.inside.replace("{area}", area) : cell === null ? words.city : isOut ? words.outside : "";
    const said = sides.map(([all, months]) => `${counted(count(all, months), words.cell)}, ${period(months)}`).join(" | ");
    parts.line.textContent = [said, where].filter(Boolean).join(", ");
    const { place, lines } = (time.area !== null && kept.about?.get(time.area)) || { lines: [] };
    parts.about.textContent = [place, ...lines].filter(Boolean).join(" · ");
    if (!parts.bars) return;
    parts.cases.hidden = !message.cases || chosen == null || Boolean(scale.of);
    drawBars(cell, own);
  }

  function cellsOf(area) {
    return [...time.areas.keys()].filter((at) => time.areas[at] === area);
  }

  function stepsOf(at, [from, until]) {
    return time.steps.subarray(at ? time.ends[at - 1] : 0, time.ends[at]).filter((step) => step >= from && step < until);
  }

  function drawBars(cell, area) {
    const { message, span, steps, ends, parts, scale } = time;
    const { bars, chart } = parts;
    const most = message.names.length;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [chart.clientWidth, chart.clientHeight];
    Object.assign(bars, { width: width * ratio, height: height * ratio });
    const pen = bars.getContext("2d");
    pen.scale(ratio, ratio);
    const all = new Uint32Array(most);
    steps.forEach((step) => { all[step]++; });
    const own = new Uint32Array(most);
    const isOwn = (at) => (cell === null ? time.areas[at] === area : (scale.of ? scale.of[at] : at) === cell);
    if (cell !== null || area !== null) {
      ends.forEach((_, at) => { if (isOwn(at)) stepsOf(at, [0, most]).forEach((step) => { own[step]++; }); });
    }
    const { colors } = kept.options;
    const floor = height - 13;
    const wide = width / most;
    const highest = Math.max(...all, 1);
    const look = getComputedStyle(chart);
    pen.fillStyle = look.getPropertyValue("--csa-span");
    for (const [from, until] of [span, ...(time.before ? [time.before] : [])]) {
      pen.fillRect(from * wide, 0, (until - from) * wide, floor);
    }
    all.forEach((n, step) => {
      const isIn = step >= span[0] && step < span[1];
      pen.globalAlpha = step === most - 1 && message.partial ? 0.45 : 1;
      pen.fillStyle = isIn ? message.palette[3] : colors.hairline;
      const tall = ((floor - 2) * n) / highest;
      pen.fillRect(step * wide + 0.5, floor - tall, Math.max(wide - 1, 1), tall);
    });
    pen.globalAlpha = 1;
    pen.fillStyle = colors.accent;
    const top = Math.max(...own, 1);
    own.forEach((n, step) => {
      const tall = n && Math.max(3, ((floor - 2) * n) / top / 2);
      pen.fillRect(step * wide + 0.5, floor - tall, Math.max(wide - 1, 2), tall);
    });
    pen.fillStyle = look.color;
    pen.font = "11px system-ui, sans-serif";
    let free = 0;
    for (const [step, year] of message.ticks) {
      if (step * wide < free) continue;
      pen.fillRect(step * wide, floor, 1, 4);
      pen.fillText(year, step * wide + 3, height - 2);
      free = step * wide + 38;
    }
  }

  function showFoot(palette) {
    const { message, parts, scale, span, bounds, counts } = time;
    const { words, names } = message;
    const rows = bounds.map((high, at) => {
      const low = at ? bounds[at - 1] + 1 : message.least || 1;
      return low === high ? low.toLocaleString("en-US") : words.range.replace("{low}", low.toLocaleString("en-US")).replace("{high}", high.toLocaleString("en-US"));
    });
    const key = [scale.title, ...rows].join("|");
    if (parts.legend.dataset.key !== key) {
      parts.legend.dataset.key = key;
      time.hidden.forEach((level) => { if (level >= rows.length) time.hidden.delete(level); });
      parts.legend.replaceChildren();
      part(parts.legend, "b", "", { textContent: scale.title });
      rows.forEach((row, level) => {
        const button = part(parts.legend, "button", "csa-class", { type: "button", title: words.filter });
        part(button, "i", "").style.background = palette[level];
        button.append(row);
        button.setAttribute("aria-pressed", String(!time.hidden.has(level)));
        button.onclick = () => {
          if (!time.hidden.delete(level)) time.hidden.add(level);
          button.setAttribute("aria-pressed", String(!time.hidden.has(level)));
          redraw();
        };
      });
      fitFoot(kept.map);
    }
    const isMoved = span[0] !== message.span[0] || span[1] !== message.span[1];
    kept.map.getContainer().classList.toggle("csa-moved", isMoved);
    if (parts.ends) {
      parts.ends.forEach((slider, end) => {
        slider.value = span[end];
        slider.setAttribute("aria-valuetext", names[span[end] - end][end]);
      });
      parts.back.style.visibility = isMoved ? "" : "hidden";
      parts.sides.show();
      window.clearTimeout(time.listing);
      time.listing = window.setTimeout(listTop, 150);
    }
    showPointed();
  }

  // The same answers for keys and screen readers: the cells with most, each with its count.
  function listTop() {
    const { message, counts, parts } = time;
    const order = [...counts.keys()].filter((cell) => counts[cell]).sort((a, b) => counts[b] - counts[a] || a - b);
    parts.top.replaceChildren();
    part(parts.top, "option", "", { value: "", textContent: message.words.top });
    message.areas.forEach((name, number) => {
      part(parts.top, "option", "", { value: `area ${number}`, textContent: name, selected: number === time.area });
    });
    for (const cell of order.slice(0, N_TOP)) {
      const words = [counted(counts[cell], message.words.cell), nameOf(cell)].filter(Boolean).join(", ");
      part(parts.top, "option", "", { value: String(cell), textContent: words, selected: cell === time.chosen });
    }
  }
  // Groups of cells, each of one color: their shapes stay, what colors them changes.
  function drawZones(group, geometry, message) {
    const layer = L.featureGroup();
    kept.monthly = [];
    for (const zone of message.zones) {
      const common = { pane: "zones", renderer: kept.canvas.zones };
      const edge = L.polyline(edgeOf(geometry, zone.cells), {
        ...common, color: zone.line, weight: zone.weight, interactive: false,
      });
      if (zone.levels) {
        const look = { ...common, weight: 0.6, color: kept.options.colors.land, interactive: zone.lines.length > 0 };
        const shape = L.polygon(zone.cells.map((n) => [shapeOf(geometry, n)]), look);
        kept.monthly.push({ ...zone, shape, edge });
        shape.feature = { type: "Feature", properties: { area_id: zone.area } };
        if (zone.lines.length) {
          const [name, ...lines] = zone.lines;
          shape.bindTooltip(() => text(name, ...briefly(kept.map, lines)), {
            sticky: true, className: "csa-tip",
          });
        }
        layer.addLayer(shape);
      }
      layer.addLayer(edge);
    }
    group.addLayer(layer);
  }

  // The months since a start, moved or played here: colors follow at once, words once it rests.
  function showMonths({ names, at, palette, dash, words }) {
    const foot = footOf(kept.map);
    const months = { at };
    const color = (to) => {
      for (const { levels, opacity, shape, edge } of kept.monthly) {
        const fill = palette[levels[to]];
        shape.setStyle({ stroke: Boolean(fill), fillColor: fill, fillOpacity: fill ? opacity : 0 });
        edge.setStyle({ dashArray: fill ? null : dash[0] });
      }
      for (const one of kept.lines.filter(({ levels }) => levels)) {
        one.dash = palette[one.levels[to]] ? null : dash[1];
        for (const drawn of [one.shape, one.inner]) drawn && drawn.setStyle({ dashArray: one.dash });
      }
      drawLines(kept.map);
    };
    color(at);
    foot.hidden = names.length < 2;
    if (foot.hidden) return;
    const show = (to) => {
      months.at = to;
      const { slider, line } = time.months;
      slider.value = to;
      line.textContent = words.month.replace("{month}", names[to][1]);
      slider.setAttribute("aria-valuetext", names[to][1]);
    };
    const move = (to) => { show(to); color(to); };
    if (foot.dataset.key !== JSON.stringify(names)) {
      foot.dataset.key = JSON.stringify(names);
      foot.replaceChildren();
      const line = part(foot, "p", "csa-pointed");
      const row = part(foot, "div", "csa-time");
      time.months = { line };
      addPlay(row, words, STEP_MS, () => time.months.step());
      time.months.slider = part(row, "input", "csa-month", { type: "range", min: 0, max: names.length - 1, step: 1 });
      time.months.slider.setAttribute("aria-label", words.label);
    }
    time.months.step = () => {
      const isLast = months.at === names.length - 1;
      if (!isLast || !time.playing) move(isLast ? 0 : months.at + 1);
      return !isLast;
    };
    time.play.done = () => { if (months.at !== at) tellPage(names[months.at][0]); };
    time.months.slider.oninput = () => move(Number(time.months.slider.value));
    time.months.slider.onchange = stop;
    show(at);
    fitFoot(kept.map);
  }

  // The edge of a group of cells: the sides that only one of its cells has.
  function edgeOf(geometry, cells) {
    const sides = new Map();
    for (const n of cells) {
      const corners = geometry.cells[n];
      corners.forEach((from, place) => {
        const to = corners[(place + 1) % corners.length];
        const name = from < to ? `${from} ${to}` : `${to} ${from}`;
        if (sides.has(name)) sides.delete(name);
        else sides.set(name, [from, to]);
      });
    }
    return [...sides.values()].map((side) => side.map((v) => cornerAt(geometry, v)));
  }

  // A tooltip's lines as text, never as markup: names come from files.
  function text(...lines) {
    const box = document.createElement("div");
    for (const [n, words] of lines.filter(Boolean).entries()) {
      const line = document.createElement(n ? "div" : "strong");
      line.textContent = words;
      box.appendChild(line);
    }
    return box;
  }

  const LOT_M = 25; // in meters, so that from afar thirty thousand lots do not hide the city
  // What the reader switches on and off: services, vacant land, factors, hot cells, suspect points.
  function drawOverlays(map, layers) {
    const key = JSON.stringify(layers);
    if (kept.overlaysKey === key) return;
    kept.overlaysKey = key;
    if (kept.foot) kept.foot.dataset.key = ""; // it lists them
    kept.overlays.forEach(({ made }) => made.remove());
    kept.overlays = layers.map((layer) => ({ ...layer, made: L.layerGroup() }));
    kept.overlays.forEach((layer) => { if (kept.on[layer.name] ?? layer.isOn) addOverlay(map, layer); });
  }

  function addOverlay(map, layer) {
    kept.on[layer.name] = true;
    const { made, spots, levels, palette, color } = layer;
    made.addTo(map);
    if (made.getLayers().length) return;
    (spots || []).forEach((spot) => made.addLayer(spotAt(spot)));
    if (!layer.file && !layer.features) return;
    const common = { pane: "zones", renderer: kept.canvas.zones, interactive: false };
    const inks = (feature) => ({ stroke: false, fillColor: palette[Number(levels ? levels[feature.id] : 0)], fillOpacity: 0.8 });
    read(layer.file || { features: layer.features }).then(({ features }) => made.addLayer(L.geoJSON(features, {
      ...common,
      style: palette ? inks : { color, weight: 2, dashArray: "2 3", fill: false },
      pointToLayer: (feature, at) => L.circle(at, { ...common, radius: LOT_M }),
    })), () => tell(kept.options.words.no_geometry));
  }

  // One button for each layer, with what its marks and colors mean while it is on.
  function listLayers(foot, words) {
    const box = part(foot, "details", "csa-layers");
    part(box, "summary", "", { textContent: words.layers });
    const names = ["incidents", "background", "neighborhoods"].map((name) => ({ name, title: words[name] }));
    for (const layer of [...names, ...kept.overlays]) {
      const button = part(box, "button", "csa-class", { type: "button", textContent: layer.title || layer.name });
      const keys = part(box, "span", "");
      const show = () => {
        button.setAttribute("aria-pressed", String(Boolean(kept.on[layer.name])));
        keys.replaceChildren();
        if (!kept.on[layer.name]) return;
        for (const [mark, color, meaning] of layer.keys || []) {
          const key = part(keys, "span", "csa-key");
          Object.assign(part(key, "i", "", { textContent: mark }).style, { background: color });
          key.append(meaning);
        }
      };
      button.onclick = () => {
        kept.on[layer.name] = !kept.on[layer.name];
        if (!layer.made) showBase();
        else if (kept.on[layer.name]) addOverlay(kept.map, layer);
        else layer.made.remove();
        show();
      };
      show();
    }
  }

  // A core service area has a double line: as wide as a road on a map, and as easy to tell from the
  // single line of a candidate.
  function drawAreas(group, message) {
    kept.labels = [];
    kept.about = new Map(message.areas.map(({ properties }) => [properties.number, properties]));
    const colors = kept.options.colors;
    kept.lines = [];
    for (const feature of message.areas) {
      const { area_id: id, letter, place, lines, dash, levels, core: isCore, named, twin, n } = feature.properties;
      const isChosen = [].concat(message.selected).includes(id);
      const common = { fill: false, interactive: false, lineJoin: "round" };
      const edge = isChosen ? colors.accent : colors.outline;
      const casing = L.geoJSON(feature, {
        pane: "casing",
        style: { ...common, color: colors.casing },
      });
      const shape = L.geoJSON(feature, {
        pane: "outline",
        style: {
          color: edge,
          fill: true,
          fillOpacity: isChosen ? 0.12 : 0,
          fillColor: edge,
          dashArray: dash || null,
          lineJoin: "round",
        },
      });
      const inner = isCore && L.geoJSON(feature, {
        pane: "inner",
        style: { ...common, color: colors.casing, dashArray: dash || null },
      });
      kept.lines.push({ casing, shape, inner, isChosen, dash, levels, isTwin: Boolean(twin) });
      group.addLayer(casing);
      const called = letter ? `${letter}  ${place}` : place;
      const note = () => text(called, ...briefly(kept.map, lines));
      shape.bindTooltip(note, { sticky: true, className: "csa-tip" });
      const { number } = feature.properties;
      shape.on("mouseover", () => pointArea(number)).on("mouseout", () => pointArea(null));
      group.addLayer(shape);
      if (inner) group.addLayer(inner);
      const corners = cornersOf(feature.geometry);
      if (named === false) {
        kept.labels.push({ corners });
        continue;
      }
      const label = L.marker(feature.properties.at, {
        pane: "spots",
        keyboard: false,
        icon: L.divIcon({ className: "csa-label", html: "<b></b><span></span>", iconSize: null }),
      });
      // A letter is its own area's, whatever lies below it.
      label.feature = { type: "Feature", properties: { area_id: id } };
      label.bindTooltip(note, { className: "csa-tip" });
      // A featureGroup of one: the page is told of clicks on a group's layers alone.
      group.addLayer(L.featureGroup([label]));
      kept.labels.push({ label, letter, place, isChosen, corners, n: n || 0 });
    }
    drawLines(kept.map);
  }

  // The place on the map itself shows which part is meant: "Oak, southwest" is "Oak SW" there.
  const briefName = (place) => place.replace(/, (north|south|)(east|west|center|)$/, (_, up, side) =>
    side === "center" ? "" : ` ${(up.slice(0, 1) + side.slice(0, 1)).toUpperCase()}`);

  function cornersOf(geometry) {
    const shapes = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
    return shapes.flatMap((rings) => rings[0].map(([lon, lat]) => L.latLng(lat, lon)));
  }

  // The outline that is found now where a core service area is, its twin if nearly the same, cannot
  // be told apart from it from afar.
  function drawLines(map) {
    const thick = thickness(map);
    for (const { casing, shape, inner, isChosen, dash, isTwin } of kept.lines || []) {
      const wide = thick * (inner ? 2 : 1) + (isChosen ? 2 : 0);
      const opacity = isTwin && !isChosen && map.getZoom() < NEAR_ZOOM ? 0 : 1;
      casing.setStyle({ weight: wide + thick + (isChosen ? 1 : 0), opacity });
      shape.setStyle({ weight: wide, opacity });
      // As long a dash as at the desk would leave nothing of a small outline.
      if (dash && !inner) shape.setStyle({ lineCap: "butt", dashArray: thick < 3 ? FINE_DASH : dash });
      if (inner) inner.setStyle({ weight: wide / 3 });
    }
  }

  // From afar, where areas are small, their lines are thinner: else they hide their own cells.
  function thickness(map) {
    return map.getZoom() < 11 ? 1 : map.getZoom() < 12 ? 2 : 3;
  }

  let waiting = 0;
  function soon(map) {
    window.clearTimeout(waiting);
    delete document.body.dataset.still;
    window.requestAnimationFrame(() => settleLabels(map));
    waiting = window.setTimeout(() => {
      settleLabels(map);
      document.body.dataset.still = "yes"; // for whoever waits: all has its final place
    }, 120);
  }

  function areOver(one, other) {
    return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
  }

  const NAMES_FROM = 12; // from afar, many names would hide the cells
  const FEW = 12;
  const FINE_DASH = "3 2";
  const AWAY_PX = [12, 26, 44, 66, 92, 124];
  const ROUNDS = 3;
  const NEAR_PX = 4;
  const CORNERS = [[1, -1], [-1, -1], [1, 1], [-1, 1]];
  const WAYS = [...CORNERS, [0, -1], [0, 1], [1, 0], [-1, 0],
    ...CORNERS.flatMap(([x, y]) => [[x / 2, y], [x, y / 2]])];
  const COST = { dark: 12, edge: 1.5, away: 0.2, short: 20, crossed: 90, over: 45 };
  // A label stands outside its area, with a line to it, where it hides neither another label nor
  // the darkest cells, and where no line runs behind a label, across another line or over another
  // area. First the chosen area's, then those of core service areas, then names where there is
  // still room, of the areas with most incidents before others. Each looks for a better place once
  // the others have theirs.
  function settleLabels(map) {
    kept.leaders.clearLayers();
    const labels = (kept.labels || []).filter(({ label }) => label && label._map && label.getElement());
    const taken = [...document.querySelectorAll(".leaflet-control")].map((one) =>
      one.getBoundingClientRect(),
    );
    const pixels = (corners) => corners.map((corner) => map.latLngToContainerPoint(corner));
    const grounds = (kept.labels || []).map(({ corners }) => pixels(corners));
    const crowd = {
      dark: inBuckets(darkCells(map)),
      edges: inBuckets(grounds.flatMap((ground) => ground.map(({ x, y }) => ({ x, y, ground })))),
    };
    const parts = labels
      .map((one) => ({ ...one, element: one.label.getElement(), corners: pixels(one.corners) }))
      .sort((a, b) => rank(a) - rank(b) || b.n - a.n);
    for (const { element, letter, place, isChosen } of parts) {
      element.children[0].textContent = letter;
      element.children[1].textContent = briefName(place);
      element.classList.toggle("csa-chosen", isChosen);
      element.style.visibility = "hidden";
      element.children[0].style.display = letter ? "" : "none";
      element.children[1].style.display = "";
    }
    const isNamed = (one) => one.letter || one.isChosen;
    const most = new Set(parts.filter((one) => !isNamed(one)).slice(0, FEW));
    const wanted = parts.filter((one) => isNamed(one) || most.has(one) || map.getZoom() >= NAMES_FROM);
    const options = new Map(wanted.map((part) => [part, placesFor(map, part, crowd)]));
    const put = new Map();
    const settle = (part, most) => {
      put.delete(part);
      const best = cheapest(options.get(part), taken, [...put.values()], most);
      if (best) put.set(part, best);
    };
    for (let round = 0; round < ROUNDS; round++) wanted.forEach((part) => settle(part, Infinity));
    // From the last on: a name without a clean place leaves room; then each may try once more.
    const names = wanted.filter((part) => rank(part) === 2);
    [...names].reverse().forEach((part) => settle(part, 0));
    names.filter((part) => !put.has(part)).forEach((part) => settle(part, 0));
    for (const [part, place] of put) putLabel(map, part, place, taken);
    showPlaces(map, taken);
  }

  function rank({ isChosen, letter }) {
    return isChosen ? 0 : letter ? 1 : 2;
  }

  function darkCells(map) {
    const { raster, level, bounds } = time;
    if (!raster || !level) return [];
    const dark = [...level.keys()].filter((cell) => level[cell] >= Math.max(bounds.length - 2, 0));
    return dark.map((cell) => map.latLngToContainerPoint(middleOf(cell)));
  }

  // Points by squares of the map: each of a thousand boxes asks for those in it.
  const BUCKET_PX = 24;
  function inBuckets(points) {
    const buckets = new Map();
    for (const point of points) {
      const key = bucketOf(Math.floor(point.x / BUCKET_PX), Math.floor(point.y / BUCKET_PX));
      if (!buckets.has(key)) buckets.set(key, []);
      buckets.get(key).push(point);
    }
    return buckets;
  }

  function bucketOf(column, row) {
    return column * 1e5 + row;
  }

  function pointsIn(buckets, { left, top, right, bottom }, by) {
    const found = [];
    const [first, last, high, low] = [left - by, right + by, top - by, bottom + by];
    for (let column = Math.floor(first / BUCKET_PX); column <= Math.floor(last / BUCKET_PX); column++) {
      for (let row = Math.floor(high / BUCKET_PX); row <= Math.floor(low / BUCKET_PX); row++) {
        for (const point of buckets.get(bucketOf(column, row)) || []) {
          const { x, y } = point;
          if (x > first && x < last && y > high && y < low) found.push(point);
        }
      }
    }
    return found;
  }

  function placesFor(map, part, { dark, edges }) {
    const size = map.getSize();
    const [letter, name] = [...part.element.children].map((one) => one.getBoundingClientRect());
    const height = Math.max(letter.height, name.height);
    const widths = [letter.width + name.width, ...(part.letter ? [letter.width] : [])];
    const found = [];
    for (const [n, width] of widths.entries()) {
      for (const [turn, [x, y]] of WAYS.entries()) {
        const from = part.corners.reduce((a, b) => (b.x * x + b.y * y > a.x * x + a.y * y ? b : a));
        for (const away of AWAY_PX) {
          const step = x && y ? away * 0.7 : away;
          const left = from.x + step * x - (width * (1 - x)) / 2;
          const top = from.y + step * y - (height * (1 - y)) / 2;
          const box = { left, top, right: left + width, bottom: top + height };
          const isInside = left >= 2 && top >= 2 && box.right <= size.x - 2 && box.bottom <= size.y - 2;
          if (!isInside) continue;
          const to = { x: Math.min(Math.max(from.x, left), box.right), y: Math.min(Math.max(from.y, top), box.bottom) };
          const [n_dark, n_edge] = [pointsIn(dark, box, 4).length, pointsIn(edges, box, 3).length];
          const cost = COST.dark * n_dark + COST.edge * n_edge + COST.over * linesOver(edges, part, from, to)
            + COST.away * away + COST.short * n + turn * 0.1;
          found.push({ cost, box, line: [from, to], isShort: n === 1 });
        }
      }
    }
    return found;
  }

  function cheapest(places, taken, others, mostCrossed) {
    let best = null;
    for (const place of places) {
      const { box, line } = place;
      if (taken.some((one) => areOver(box, one)) || others.some((one) => areOver(box, padded(one.box)))) continue;
      const n_crossed = others.filter((one) =>
        meets(line, one.box) || meets(one.line, box) || areCrossing(line, one.line)).length;
      const cost = place.cost + COST.crossed * n_crossed;
      if (n_crossed <= mostCrossed && (!best || cost < best.total)) best = { ...place, total: cost };
    }
    return best;
  }

  // Over how many other areas a line runs: those with a corner beside it.
  function linesOver(edges, part, from, to) {
    const [left, right] = [Math.min(from.x, to.x), Math.max(from.x, to.x)];
    const [top, bottom] = [Math.min(from.y, to.y), Math.max(from.y, to.y)];
    const corners = pointsIn(edges, { left, top, right, bottom }, NEAR_PX).filter((corner) => L.LineUtil.pointToSegmentDistance(corner, from, to) < NEAR_PX);
    const over = new Set(corners.map(({ ground }) => ground));
    return [...over].filter((ground) => !ground[0].equals(part.corners[0])).length;
  }

  function padded({ left, right, top, bottom }) {
    return { left: left - 2, right: right + 2, top: top - 2, bottom: bottom + 2 };
  }

  function areCrossing([a, b], [c, d]) {
    const side = (p, q, r) => Math.sign((q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x));
    return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
  }

  function meets([a, b], { left, right, top, bottom }) {
    return Boolean(L.LineUtil.clipSegment(a, b, L.bounds([left, top], [right, bottom])));
  }

  function putLabel(map, part, { box, line: ends, isShort }, taken) {
    const at = map.latLngToContainerPoint(part.label.getLatLng());
    part.element.style.translate = `${box.left - at.x}px ${box.bottom - at.y}px`;
    part.element.style.visibility = "visible";
    if (isShort) part.element.children[1].style.display = "none";
    taken.push(padded(box));
    const line = ends.map(({ x, y }) => map.containerPointToLatLng([x, y]));
    const look = { pane: "leaders", interactive: false, lineCap: "butt" };
    const { casing, accent, outline } = kept.options.colors;
    kept.leaders.addLayer(L.polyline(line, { ...look, color: casing, weight: 4 }));
    kept.leaders.addLayer(L.polyline(line, { ...look, color: part.isChosen ? accent : outline, weight: 1.5 }));
  }

  function spotAt([lat, lon, letter, name, kind]) {
    const isSuspect = /^[?\d]/.test(letter);
    const spot = L.marker([lat, lon], {
      pane: "services",
      keyboard: false,
      zIndexOffset: isSuspect ? 1e4 : 0,
      icon: L.divIcon({ className: `csa-service ${isSuspect ? "csa-suspect" : ""}`, html: "<i></i>", iconSize: [18, 18] }),
    });
    spot.bindTooltip(() => text(name, kind), { className: "csa-tip" });
    spot.on("add", () => { spot.getElement().firstChild.textContent = letter; });
    return spot;
  }

  // Leaflet is asked for right after this file; without it there is no map to wait for.
  window.addEventListener("unhandledrejection", () => {
    if (!window.L) tell(new URL(here).searchParams.get("words"));
  });

  window.csaMap = { start, paint, time, setWindow, middleOf };
})();
