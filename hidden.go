package costd

// A Shade tells prices that never hold, because more specific ones hold on all of their
// days for every client and in every region that they are for.
type Shade struct {
	first   map[PriceKey]Day   // by a key without its day, the first day of a price with it
	clients map[string][]int64 // by currency
	regions []int64
}

// NewShade returns what hides prices in a catalog.
func NewShade(e Entries) *Shade {
	s := &Shade{first: make(map[PriceKey]Day, len(e.Prices)), clients: map[string][]int64{}}
	for i := range e.Prices {
		key := e.Prices[i].Key()
		day := key.EffectiveFrom
		key.EffectiveFrom = 0
		if first, known := s.first[key]; !known || day < first {
			s.first[key] = day
		}
	}
	for i := range e.Clients {
		s.clients[e.Clients[i].Currency] = append(s.clients[e.Clients[i].Currency], e.Clients[i].ID)
	}
	for i := range e.Regions {
		s.regions = append(s.regions, e.Regions[i].ID)
	}
	return s
}

// Doubt reports whether the price is hidden. One that is for no client or region yet is
// not.
func (s *Shade) Doubt(p *Price) (Doubt, bool) {
	clients, regions := []int64{p.ClientID}, []int64{p.RegionID}
	if p.ClientID == 0 {
		clients = s.clients[p.Currency]
	}
	if p.RegionID == 0 {
		regions = s.regions
	}
	for _, client := range clients {
		for _, region := range regions {
			if !s.hides(p, client, region) {
				return Doubt{}, false
			}
		}
	}
	return Doubt{FindingPriceHidden, "effective_from", "the price never holds: more specific ones hold on all of its days, for every client and region that it is for; " +
		"remove it, or correct its client, region or day"}, len(clients) > 0 && len(regions) > 0
}

// hides reports whether on all days of p a more specific price holds for the client in
// the region: such ones hold for ever from their first day on.
func (s *Shade) hides(p *Price, client, region int64) bool {
	key := p.Key()
	key.EffectiveFrom = 0
	for _, scope := range [...][2]int64{{client, region}, {client, 0}, {0, region}} { // the most specific first
		if scope == [2]int64{p.ClientID, p.RegionID} {
			return false
		}
		key.ClientID, key.RegionID = scope[0], scope[1]
		if first, known := s.first[key]; known && first <= p.EffectiveFrom {
			return true
		}
	}
	return false
}
