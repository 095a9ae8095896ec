/* Splits what a reader asks for as website/search_words.py splits a page. Sphinx puts this file
 * into language_data.js, and searchtools.js calls it once the index is there.
 *
 * A run of Hangul is asked for by its pairs of neighbours, a single syllable by itself. A name with
 * dots is asked for as it stands where some page has it, and else by its parts: `torch.gather` also
 * finds the page that only writes `x.gather`.
 */
var splitQuery = (query) => {
  const pieces = query
    .normalize("NFC")
    .match(/[가-힣]+|(?:(?![가-힣])[\p{L}\p{N}_])+(?:\.(?:(?![가-힣])[\p{L}\p{N}_])+)*/gu);
  const isOnAPage = (name) => {
    const word = new Stemmer().stemWord(name.toLowerCase());
    return [Search._index.terms, Search._index.titleterms].some((terms) => Object.hasOwn(terms, word));
  };
  return (pieces ?? []).flatMap((piece) => {
    if (/^[가-힣]/.test(piece)) {
      const pairs = [...piece].slice(1).map((syllable, i) => piece[i] + syllable);
      return pairs.length === 0 ? [piece] : pairs;
    }
    return piece.includes(".") && !isOnAPage(piece) ? piece.split(".") : [piece];
  });
};
