// A form that takes a while is sent once, and says that it is waited for.
for (const form of document.querySelectorAll('form[data-once]')) {
  form.addEventListener('submit', () => {
    form.querySelector('button[type=submit]').disabled = true;
    form.querySelector('[data-wait]').textContent = `${form.dataset.once} …`;
  });
}
// The browser's "back" shows the page as it was left: the button can be used again.
addEventListener('pageshow', () => {
  for (const button of document.querySelectorAll('form[data-once] button')) button.disabled = false;
  for (const told of document.querySelectorAll('form[data-once] [data-wait]')) told.textContent = '';
});
