const cards = [...document.querySelectorAll(".case")];
const filters = [...document.querySelectorAll(".filters select")];
const shown = document.querySelector("#shown");

function apply() {
  let count = 0;
  for (const card of cards) {
    card.hidden = !filters.every((f) => !f.value || card.dataset[f.name] === f.value);
    count += !card.hidden;
  }
  shown.textContent = count;
}

for (const filter of filters) filter.addEventListener("change", apply);
apply();
