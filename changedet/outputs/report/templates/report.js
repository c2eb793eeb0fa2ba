(function () {
  "use strict";
  // Browsers that cannot unfold by style alone.
  function folded(selector, open) {
    document.querySelectorAll(selector).forEach(function (one) { one.open = open; one.classList.toggle("unfolded", open); });
  }
  window.addEventListener("beforeprint", function () { folded("details:not([open])", true); });
  window.addEventListener("afterprint", function () { folded("details.unfolded", false); });
  var slider = document.getElementById("slider");
  if (!slider) { return; }
  document.documentElement.classList.add("scripted");
  var cut = document.getElementById("cut");
  var before = document.getElementById("before");
  var after = document.getElementById("after");
  var marks = document.getElementById("marks");
  function look(date) { return document.querySelector('#strip figure[data-date="' + date + '"]'); }
  function set(image, source) {
    if (source) { image.src = source.src; image.hidden = false; } else { image.removeAttribute("src"); image.hidden = true; }
  }
  function show() {
    set(slider.querySelector(".before-picture"), look(before.value).querySelector(".picture"));
    set(slider.querySelector(".after-picture"), look(after.value).querySelector(".picture"));
    set(slider.querySelector(".after-marks"), marks.checked ? look(after.value).querySelector(".over") : null);
    cut.setAttribute("aria-valuetext", before.value + " left, " + after.value + " right");
  }
  cut.addEventListener("input", function () { slider.style.setProperty("--cut", cut.value + "%"); });
  [before, after, marks].forEach(function (one) { one.addEventListener("change", show); });
  show();
})();
