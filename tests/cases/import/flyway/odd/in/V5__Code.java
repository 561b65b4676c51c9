class V5__Code {}
