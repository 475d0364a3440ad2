// Amplify's own library draws no carousels on the web: an app brings its own, as this one.
import { useEffect, useState } from 'react';

export function Carousel({ data = [], onClose, onDisplay }) {
  const [place, setPlace] = useState(0);
  useEffect(() => onDisplay?.(), []);
  const { body, header, image, primaryButton } = data[place] ?? {};
  const turn = (step) => setPlace((place + step + data.length) % data.length);
  const backgroundColor = data[place]?.container?.style?.backgroundColor;
  return (
    <div className="carousel" role="dialog" aria-label={header?.content}>
      <div className="carousel-slide" style={{ backgroundColor }}>
        <button className="carousel-close" aria-label="Close" onClick={onClose}>×</button>
        {image?.src && <img src={image.src} alt="" />}
        <h2 style={header?.style}>{header?.content}</h2>
        <p style={body?.style}>{body?.content}</p>
        {primaryButton && <button onClick={primaryButton.onAction}>{primaryButton.title}</button>}
        <nav>
          <button aria-label="Previous" onClick={() => turn(-1)}>‹</button>
          {data.map((_, at) => <i key={at} className={at === place ? 'here' : ''} />)}
          <button aria-label="Next" onClick={() => turn(1)}>›</button>
        </nav>
      </div>
    </div>
  );
}
